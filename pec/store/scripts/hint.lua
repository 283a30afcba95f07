-- hint(namespace, hint_lease_us, lead_us, {token, interval_us, in_flight, accounts}…): which tokens should be sent for now.
--
-- A hint makes one worker thread pick one message. Hints go out a lead before their slot, because dispatch takes
-- time, and never more than there are messages and places on the wire. One that is lost ends with its lease.
-- Only messages of `accounts` (names, each between commas) count: for others the caller has no settings.
--
-- Keys     <ns>:hints:<token>     sorted set: hint → when its lease ends
--          <ns>:limiter:<token>   hash: tat (µs, when the next slot may be), not_before (µs), turn, hint
--          <ns>:flight:<token>    sorted set: id → when it has surely ended; messages picked or on the wire
-- Returns  [[token, hint, hint, …], …]

local ns, hint_lease, lead = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local due = ns .. ":due:send"
local now = now_us()
local found = {}

local function waiting(turns, most, accounts)
    local total = 0
    for _, account in ipairs(call("ZRANGE", turns, 0, -1)) do
        if not accounts or string.find(accounts, "," .. account .. ",", 1, true) then
            total = total + call("ZCARD", ns .. ":lane:" .. account)
        end
        if total >= most then
            break
        end
    end
    return total
end

local function circuit_opens_at()
    local failures, next_at = unpack(call("HMGET", ns .. ":circuit", "failures", "next_at"))
    return tonumber(failures or "0") >= 3 and tonumber(next_at or "0") or 0
end

local function look_at(token, interval, in_flight, accounts)
    local hints = ns .. ":hints:" .. token
    local flight = ns .. ":flight:" .. token
    call("ZREMRANGEBYSCORE", hints, "-inf", now)
    call("ZREMRANGEBYSCORE", flight, "-inf", now)
    local out = call("ZCARD", hints)
    local room = in_flight - call("ZCARD", flight)
    local work = math.min(waiting(ns .. ":turns:" .. token, in_flight + 1, accounts), room)
    if work <= 0 and room > 0 then
        if waiting(ns .. ":turns:" .. token, 1) == 0 then
            call("ZREM", due, token)
        end
        return
    end
    local tat, not_before = unpack(call("HMGET", ns .. ":limiter:" .. token, "tat", "not_before"))
    local slot = math.max(tonumber(tat or "0"), tonumber(not_before or "0"), circuit_opens_at(), now)
    local given = {token}
    while out < work and slot + out * interval - lead <= now do
        local hint = tostring(call("HINCRBY", ns .. ":limiter:" .. token, "hint", 1))
        call("ZADD", hints, now + hint_lease, hint)
        table.insert(given, hint)
        out = out + 1
    end
    local wait = slot + out * interval - lead
    if out >= work then -- all that can be sent has its hint; what changes that sets the entry to now
        wait = now + hint_lease
    end
    call("ZADD", due, seconds(math.max(wait, now + 1000)), token)
    if #given > 1 then
        table.insert(found, given)
    end
end

local mine = {}
for i = 4, #ARGV, 4 do
    mine[ARGV[i]] = {tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), ARGV[i + 3]}
end
for _, token in ipairs(call("ZRANGEBYSCORE", due, "-inf", seconds(now))) do
    if mine[token] then
        look_at(token, unpack(mine[token]))
    end
end
return found
