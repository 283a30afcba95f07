-- dispatch(namespace, request): give out all that is due in one step of a scheduler, and return when more is due.
--
-- 1. Fan-out. New events become deliveries of the endpoints that subscribe to them. Each endpoint is the consumer
--    group endpoint:<name> of <ns>:events. An event it does not subscribe to is acknowledged at once; any other stays
--    pending until its delivery ends. An endpoint with `max_waiting` deliveries gets no more: later events wait in the
--    stream. One without a group is passed over. While others wait or are on their way, new ones wait for FEW_US, so
--    that one task takes many.
-- 2. Hints of tokens to send for. A hint makes one worker thread pick one message. Hints go out a lead before their
--    slot, because dispatch takes time, and never more than there are messages and places on the wire, or than the
--    caller asks for: what it leaves stays due, for another worker. One that is lost ends with its lease. Only messages of the token's `accounts` count: for others the caller has no settings.
-- 3. Tasks of each queue that are due are taken, and pushed ahead by the lease.
--
-- Keys     <ns>:deliveries:<endpoint>   sorted set: stream id → when its next try is due
--          <ns>:hints:<token>           sorted set: hint → when its lease ends
--          <ns>:limiter:<token>         hash: tat (µs, when the next slot may be), not_before (µs), turn, hint
--          <ns>:in_flight:<token>       sorted set: id → when it has surely ended; messages picked or on the wire
--          <ns>:due:<queue>             sorted set: token, endpoint, id, … → when it is due
-- ARGV     request JSON, made by `DispatchRequest.to_json`. Times are µs.
--                  endpoints [{name, all, types: {type: true}}, …], max_events (of each), max_waiting
--                  tokens {token: {account: true}}, max_hints, interval, in_flight, lead, hint_lease, pick_lease,
--                  others_attend: whether other workers come for the tokens whose entries they set,
--                  attends {token: true}: those that the caller set
--                  queues [[queue, how many at most], …], lease
-- Returns  {fanned_out, hints, due, wait, attended}: the endpoints that have new deliveries; {token, hint, hint, …} of
--          each token; {queue, member, since when (epoch seconds), …} of each queue; seconds until more is due, or "";
--          {token, seconds until its next hint, …} of those whose entry was set here

local FEW_US = 50000

local ns, request = ARGV[1], cjson.decode(ARGV[2])
local events, send_due = ns .. ":events", ns .. ":due:send"
local now = now_us()
local soonest = math.huge

local function due_at(us)
    soonest = math.min(soonest, us)
end

-- Fan-out

local function read(group, count)
    local reply = redis.pcall("XREADGROUP", "GROUP", group, "feed", "COUNT", count, "STREAMS", events, ">")
    if reply and reply.err then
        assert(string.find(reply.err, "NOGROUP"), reply.err)
        return {}
    end
    return reply and reply[1][2] or {}
end

local function subscribes(endpoint, fields)
    for i = 1, #fields, 2 do
        local name, value = fields[i], fields[i + 1]
        if (name == "type" and endpoint.types[value]) or (name == "webhook" and value == endpoint.name) then
            return true
        end
    end
    return endpoint.all
end

local function fan_out(endpoint)
    local deliveries, group = ns .. ":deliveries:" .. endpoint.name, "endpoint:" .. endpoint.name
    local before = call("ZCARD", deliveries)
    local room = request.max_waiting - before
    local added, others = 0, {}
    for _, entry in ipairs(room > 0 and read(group, math.min(room, request.max_events)) or {}) do
        local id, fields = unpack(entry)
        if subscribes(endpoint, fields) then
            added = added + call("ZADD", deliveries, "NX", seconds(now), id)
        else
            table.insert(others, id)
        end
    end
    if #others > 0 then
        call("XACK", events, group, unpack(others))
    end
    return added > 0 and (before > 0 and FEW_US or 0)
end

local function fan_out_to_all(endpoints)
    local fanned_out = {}
    for _, endpoint in ipairs(endpoints) do
        local wait = fan_out(endpoint)
        if wait then
            call("ZADD", ns .. ":due:webhook", "LT", seconds(now + wait), endpoint.name)
            table.insert(fanned_out, endpoint.name)
        end
    end
    return fanned_out
end

-- Hints

local function waiting(rotation, limit, accounts)
    local total = 0
    for _, account in ipairs(call("ZRANGE", rotation, 0, -1)) do
        if not accounts or accounts[account] then
            total = total + call("ZCARD", ns .. ":lane:" .. account)
        end
        if total >= limit then
            break
        end
    end
    return total
end

-- When the API may be tried again; 0 while its circuit is closed.
local function circuit_opens_at()
    return tonumber(call("HGET", ns .. ":circuit", "next_at") or "0")
end

-- Messages that were picked lately and have neither a slot nor an end: how many, and when the newest was picked.
local function in_preparation(flight, tat)
    local count = -math.max(0, math.ceil((tat - now) / request.interval) - 1) -- those that have their slot, mostly
    local newest
    local entries = call("ZRANGEBYSCORE", flight, now + request.pick_lease - request.hint_lease, "+inf", "WITHSCORES")
    for i = 1, #entries, 2 do
        if call("HGET", ns .. ":message:" .. entries[i], "state") == "queued" then
            count, newest = count + 1, tonumber(entries[i + 1]) - request.pick_lease
        end
    end
    return math.max(0, count), newest
end

local hints_left = request.max_hints or 0
local attended = {}

local function hints_of(token, accounts)
    local hints = ns .. ":hints:" .. token
    local flight = ns .. ":in_flight:" .. token
    local given = {token}
    local lost = call("ZREMRANGEBYSCORE", hints, "-inf", now)
    call("ZREMRANGEBYSCORE", flight, "-inf", now)
    if lost > 0 and request.others_attend and request.attends[token] then
        return given -- no thread of the caller took its hint in time: another process may have one that is free
    end
    local out = call("ZCARD", hints)
    local room = request.in_flight - call("ZCARD", flight)
    local work = math.min(waiting(ns .. ":rotation:" .. token, request.in_flight + 1, accounts), room)
    if work <= 0 and room > 0 then
        if waiting(ns .. ":rotation:" .. token, 1) == 0 then
            call("ZREM", send_due, token)
        end
        return given
    end
    local tat, not_before = unpack(call("HMGET", ns .. ":limiter:" .. token, "tat", "not_before"))
    tat = tonumber(tat or "0")
    if tat > now + request.lead + 4 * request.interval then
        -- The server's clock was set back: a thread must come for `reserve` to see it.
        tat = now
    end
    local slot = math.max(tat, tonumber(not_before or "0"), circuit_opens_at(), now)
    local preparing, newest = in_preparation(flight, tat)
    local function next_at()
        local at = slot + (preparing + out) * request.interval - request.lead
        if preparing > 0 and out == 0 then -- however long they take, one follows the other at the token's pace
            at = math.min(at, newest + request.interval)
        end
        return at
    end
    while out < work and hints_left > 0 and next_at() <= now do
        local hint = tostring(call("HINCRBY", ns .. ":limiter:" .. token, "hint", 1))
        call("ZADD", hints, now + request.hint_lease, hint)
        table.insert(given, hint)
        out, hints_left = out + 1, hints_left - 1
    end
    local wait = next_at()
    if out >= work then -- all that can be sent has its hint; what changes that sets the entry to now
        wait = now + request.hint_lease
    end
    wait = math.max(wait, now + 1000)
    call("ZADD", send_due, seconds(wait), token)
    table.insert(attended, token)
    table.insert(attended, seconds(wait - now))
    due_at(wait)
    return given
end

local function hints_of_all(tokens)
    local found = {}
    local entries = next(tokens) and call("ZRANGE", send_due, 0, -1, "WITHSCORES") or {}
    for i = 1, #entries, 2 do
        local token, at = entries[i], tonumber(entries[i + 1]) * 1e6
        if tokens[token] and (at > now or hints_left == 0) then
            if not request.others_attend then
                due_at(at)
            end
            break -- the rest is due later, or for another worker
        elseif tokens[token] then
            local given = hints_of(token, tokens[token])
            if #given > 1 then
                table.insert(found, given)
            end
        end
    end
    return found
end

-- What is due

local function take_due(queue, limit)
    local key = ns .. ":due:" .. queue
    local taken = {queue}
    local members = call("ZRANGEBYSCORE", key, "-inf", seconds(now), "WITHSCORES", "LIMIT", 0, limit)
    for i = 1, #members, 2 do
        call("ZADD", key, seconds(now + request.lease), members[i])
        table.insert(taken, members[i])
        table.insert(taken, members[i + 1])
    end
    local first = call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
    if first then
        due_at(tonumber(first) * 1e6)
    end
    return taken
end

local fanned_out = fan_out_to_all(request.endpoints or {}) -- first: what it makes due is taken below
local hints = hints_of_all(request.tokens or {})
local due = {}
for _, one in ipairs(request.queues or {}) do
    table.insert(due, take_due(unpack(one)))
end
local wait = soonest < math.huge and seconds(math.max(0, soonest - now)) or ""
return {fanned_out, hints, due, wait, attended}
