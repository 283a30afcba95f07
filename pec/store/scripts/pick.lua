-- pick(namespace, token, hint, lease_us, in_flight, accounts): the message whose turn it is, taken out of its lane.
--
-- The message stays queued: if it is not claimed within the lease, `due:release` puts it back. Accounts take turns.
-- While the API's circuit is open, one message at a time is picked, and it is a probe. Only `accounts` (names, each
-- between commas) have a turn: for others the caller has no settings. A message of a paused batch is parked instead.
--
-- Keys     <ns>:batch:<batch>    hash: paused, if it is
--          <ns>:parked:<batch>   sorted set: id → its score in its lane
-- Returns  {"picked", account, id, probe ("0" | "1"), [field, value, …], body?} | {"empty"} | {"full"} | {"open"}
--          {"parked"}: PARKED_AT_ONCE messages were parked, and others may follow: pick again
--          A body up to BODY_BYTES comes along: its HTML, which the worker that sends the message would ask for next.

local ns, token, hint, lease, in_flight = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local accounts = ARGV[6]
local turns, flight, circuit = ns .. ":rotation:" .. token, ns .. ":in_flight:" .. token, ns .. ":circuit"
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

-- The next message of one account that is still queued, and its body: others were cancelled or claimed meanwhile.
local function pop(account)
    while parked < PARKED_AT_ONCE do
        local id, score = unpack(call("ZPOPMIN", ns .. ":lane:" .. account))
        if not id then
            return nil
        end
        local state, batch, body = unpack(call("HMGET", ns .. ":message:" .. id, "state", "batch", "body"))
        if state == "queued" and not park(id, score, batch) then
            return id, body
        end
    end
end

local function text_of(body)
    local content = ns .. ":content:" .. (body or "")
    return call("HSTRLEN", content, "data") <= BODY_BYTES and call("HGET", content, "data") or nil
end

local function next_account()
    for _, account in ipairs(call("ZRANGE", turns, 0, -1)) do
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
    local paused = call("HEXISTS", ns .. ":account:" .. account, "paused") == 1
    local id, body
    if not paused then
        id, body = pop(account)
    end
    if paused or call("EXISTS", ns .. ":lane:" .. account) == 0 then
        call("ZREM", turns, account)
    else
        call("ZADD", turns, call("HINCRBY", limiter, "turn", 1), account)
    end
    if id then
        call("ZADD", ns .. ":due:release", seconds(now + lease), id)
        call("ZADD", flight, now + lease, id)
        if probing then
            call("HSET", circuit, "probe_until", now + lease)
        end
        local record = call("HGETALL", ns .. ":message:" .. id)
        return {"picked", account, id, probing and "1" or "0", record, text_of(body)}
    end
    if parked >= PARKED_AT_ONCE then
        return {"parked"}
    end
end
