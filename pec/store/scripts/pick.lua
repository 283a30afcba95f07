-- pick(namespace, token, hint, lease_us, in_flight, accounts): the message whose turn it is, taken out of its lane.
--
-- The message stays queued: if it is not claimed within the lease, `due:release` puts it back. Accounts take turns.
-- While the API's circuit is open, one message at a time is picked, and it is a probe. Only `accounts` (names, each
-- between commas) have a turn: for others the caller has no settings. A message of a paused batch is parked instead.
-- A message whose receipts may find no room stays in its lane, and its account waits until a reading of the quota says
-- that there is some. So does the first of an account whose quota was never read.
--
-- Keys     <ns>:batch:<batch>    hash: paused, if it is
--          <ns>:parked:<batch>   sorted set: id → its score in its lane
-- Returns  {"picked", account, id, probe ("0" | "1"), [field, value, …], body?} | {"empty"} | {"full"} | {"open"}
--          {"parked"}: PARKED_AT_ONCE messages were parked, and others may follow: pick again
--          A body up to BODY_BYTES comes along: its HTML, which the worker that sends the message would ask for next.

local ns, token, hint, lease, in_flight = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local accounts = ARGV[6]
local rotation, flight, circuit = ns .. ":rotation:" .. token, ns .. ":in_flight:" .. token, ns .. ":circuit"
local limiter = ns .. ":limiter:" .. token
local now = now_us()
local BODY_BYTES = 100000
local PARKED_AT_ONCE = 200 -- a bound on the time of one step
local parked = 0

call("ZREM", ns .. ":hints:" .. token, hint)
call("ZREMRANGEBYSCORE", flight, "-inf", now)
if call("ZCARD", flight) >= in_flight then
    return {"full"}
end

local next_at, probe_until = unpack(call("HMGET", circuit, "next_at", "probe_until"))
local probing = next_at ~= false -- the circuit is open
if probing and (now < tonumber(next_at) or now < tonumber(probe_until or "0")) then
    return {"open"}
end

-- Whether its paused batch holds it back; then it is parked.
local function park(id, score, batch)
    if not batch or call("HEXISTS", ns .. ":batch:" .. batch, "paused") == 0 then
        return false
    end
    call("ZADD", ns .. ":parked:" .. batch, score, id)
    parked = parked + 1
    return true
end

-- The next message of one account that is still queued: others were cancelled or claimed meanwhile.
local function pop(account)
    while parked < PARKED_AT_ONCE do
        local id, score = unpack(call("ZPOPMIN", ns .. ":lane:" .. account))
        if not id then
            return nil
        end
        local state, batch, body, each, recipient =
            unpack(call("HMGET", ns .. ":message:" .. id, "state", "batch", "body", "room", "recipient"))
        if state == "queued" and not park(id, score, batch) then
            return {id = id, score = score, body = body, each = each, recipient = recipient}
        end
    end
end

-- Whether the receipts of a message have room beside all that is on its way. Then that room is reserved.
local function admit(account, first)
    local key = ns .. ":account:" .. account
    local pause_at, used, expected, arrived, counted, ask_at = unpack(call("HMGET", key,
        "room_pause_at", "room_used", "room_expected", "room_arrived", "room_counted", "room_ask_at"))
    local recipients = recipients_in(first.recipient)
    local each = tonumber(first.each or "0")
    pause_at, expected, arrived = tonumber(pause_at or "0"), tonumber(expected or "0"), tonumber(arrived or "0")
    local taken = tonumber(used or "0") + expected + arrived - tonumber(counted or "0")
    if pause_at < 0 or taken + each * recipients <= pause_at then
        settle_room(ns, account, first.id, recipients, each, false)
        return true
    end
    call("ZADD", ns .. ":lane:" .. account, first.score, first.id)
    call("HSET", key, "no_room", whole(each * recipients), "no_room_since", seconds(now))
    if expected <= 0 or (ask_at and arrived >= tonumber(ask_at)) then -- else what comes asks
        ask_quota(ns, account)
    end
    return false
end

local function text_of(body)
    local content = ns .. ":content:" .. (body or "")
    return call("HSTRLEN", content, "data") <= BODY_BYTES and call("HGET", content, "data") or nil
end

local function next_account()
    for _, account in ipairs(call("ZRANGE", rotation, 0, -1)) do
        if string.find(accounts, "," .. account .. ",", 1, true) then
            return account
        end
    end
end

while true do
    local account = next_account()
    if not account then
        return {"empty"}
    end
    local paused, waits = unpack(call("HMGET", ns .. ":account:" .. account, "paused", "no_room"))
    local first = not paused and not waits and pop(account) or nil
    local admitted = first and admit(account, first)
    if paused or waits or (first and not admitted) or call("EXISTS", ns .. ":lane:" .. account) == 0 then
        call("ZREM", rotation, account)
    else
        call("ZADD", rotation, call("HINCRBY", limiter, "turn", 1), account)
    end
    if admitted then
        local id = first.id
        call("ZADD", ns .. ":due:release", seconds(now + lease), id)
        call("ZADD", flight, now + lease, id)
        if probing then
            call("HSET", circuit, "probe_until", now + lease)
        end
        local record = call("HGETALL", ns .. ":message:" .. id)
        return {"picked", account, id, probing and "1" or "0", record, text_of(first.body)}
    end
    if parked >= PARKED_AT_ONCE then
        return {"parked"}
    end
end
