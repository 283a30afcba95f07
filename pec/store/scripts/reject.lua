-- reject(namespace, group, entry, account, fields, event, …): removes a job from the stream, keeps its rejection and
-- publishes it.
--
-- All of it happens once: a second call for the same entry finds nothing to remove. A flood of rejected jobs cannot fill
-- Redis, and those of one account push out none of another: <ns>:rejected keeps a number, and the account with the most
-- loses its oldest. Events are limited to a burst and then to one an interval, for each account.
--
-- Keys     <ns>:jobs                    stream: the entry goes
--          <ns>:rejected                stream: the rejection
--          <ns>:events                  stream: the event
--          <ns>:rejected_at             sorted set: the entry, by when it is rejected
--          <ns>:rejected_of             sorted set: account → how many of <ns>:rejected are its own
--          <ns>:rejected_of:<account>   sorted set: "<position> <entry>", by when it is rejected
--          <ns>:rejections[:<account>]  string: its remaining life is the part of the burst that is used up
-- ARGV     account     that the job names; one that no worker knows counts as "", as all such do together
--          fields      JSON [field, value, …] of the rejection
--          event       JSON {id, type, body, limited}: `limited` is the body of the last event that the limit allows
--          max_kept, burst, interval_ms
-- Returns  1, or 0 if the entry was gone

local ns, group, entry, account = unpack(ARGV, 1, 4)
local fields, event = cjson.decode(ARGV[5]), cjson.decode(ARGV[6])
local max_kept, burst, interval = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local known_ms = 7 * 86400000 -- for which repeats of a request are known, and ask whether its jobs were rejected
local rejected, shares = ns .. ":rejected", ns .. ":rejected_of"

call("XACK", ns .. ":jobs", group, entry)
if call("XDEL", ns .. ":jobs", entry) == 0 then
    return 0
end
if account ~= "" and call("EXISTS", ns .. ":account:" .. account) == 0 then
    account = ""
end

local function share(of, change)
    if tonumber(call("ZINCRBY", shares, change, of)) <= 0 then
        call("ZREM", shares, of)
    end
end

-- Removes the oldest rejection of the account that has the most, and before them those of which no entry is noted:
-- older versions kept them.
local function make_room()
    if call("XLEN", rejected) > call("ZCARD", ns .. ":rejected_at") then
        call("XDEL", rejected, call("XRANGE", rejected, "-", "+", "COUNT", 1)[1][1])
        return
    end
    local of = call("ZREVRANGE", shares, 0, 0)[1]
    local popped = of and call("ZPOPMIN", shares .. ":" .. of)[1]
    if popped then
        local position, of_entry = string.match(popped, "^(%S+) (%S+)$")
        call("XDEL", rejected, position)
        call("ZREM", ns .. ":rejected_at", of_entry)
        share(of, -1)
    elseif of then
        call("ZREM", shares, of)
    end
end

local position = call("XADD", rejected, "*", unpack(fields))
local at = string.match(position, "^%d+")
local oldest = string.match(call("XRANGE", rejected, "-", "+", "COUNT", 1)[1][1], "^%d+")
local gone = call("ZREMRANGEBYSCORE", shares .. ":" .. account, "-inf", "(" .. oldest)
call("ZADD", ns .. ":rejected_at", at, entry)
call("ZREMRANGEBYSCORE", ns .. ":rejected_at", "-inf", string.format("(%.0f", math.min(oldest, at - known_ms)))
call("ZADD", shares .. ":" .. account, at, position .. " " .. entry)
share(account, 1 - gone)
for _ = 1, 100 do
    if call("XLEN", rejected) <= max_kept then
        break
    end
    make_room()
end

local limit = ns .. ":rejections" .. (account == "" and "" or ":" .. account)
local room = burst * interval - math.max(call("PTTL", limit), 0)
if room >= interval then
    local used = (burst + 1) * interval - room
    call("SET", limit, "", "PX", used)
    local body = room < 2 * interval and event.limited or event.body
    call("XADD", ns .. ":events", "*", "id", event.id, "type", event.type, "event", body)
end
return 1
