-- release_slot(limiter, slot_us, interval_us, id, day, month): gives a slot back. It can be used again if it was the last one given.
--
-- With the interval 0 it stays used, by a request that was refused, and only doesn't count against pace and caps.
--
-- ARGV     day, month   labels of the slot's own, as in reserve: the counts may be of the next ones by now
-- Keys     limiter   hash: tat, day, day_count, month, month_count, minute0 to minute3 (as in reserve); returned: the ids of those
--                    given back last, so that a repeat, whose reply was lost, changes nothing
-- Returns  1 where it can be used again, else 0

local limiter, slot, interval, id = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local REMEMBERED = 64

local returned = call("HGET", limiter, "returned") or ""
if string.find(returned, id, 1, true) then
    return 0
end
call("HSET", limiter, "returned", string.sub(id .. "," .. returned, 1, REMEMBERED * (#id + 1)))

for name, label in pairs({day = ARGV[5], month = ARGV[6]}) do
    local counted, count = unpack(call("HMGET", limiter, name, name .. "_count"))
    if counted == label and tonumber(count) > 0 then
        call("HINCRBY", limiter, name .. "_count", -1)
    end
end
local minute = math.floor(slot / 60e6)
local field = "minute" .. minute % 4
local known, given = string.match(call("HGET", limiter, field) or "", "(%d+) (%d+)")
if tonumber(known) == minute and tonumber(given) > 0 then
    call("HSET", limiter, field, string.format("%d %d", minute, given - 1))
end
if interval > 0 and tonumber(call("HGET", limiter, "tat") or "0") == slot + interval then
    call("HSET", limiter, "tat", slot)
    return 1
end
return 0
