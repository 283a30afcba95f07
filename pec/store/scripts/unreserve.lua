-- unreserve(limiter, slot_us, interval_us, id): gives a slot back. It can be used again if it was the last one given.
--
-- With the interval 0 it stays used, by a request that was refused, and only doesn't count against pace and caps.
--
-- Keys     limiter   hash: tat, day_count, month_count, minute0 to minute3 (as in reserve); returned: the ids of those
--                    given back last, so that a repeat, whose reply was lost, changes nothing
-- Returns  1 where it can be used again, else 0

local limiter, slot, interval, id = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local REMEMBERED = 64

local returned = call("HGET", limiter, "returned") or ""
if string.find(returned, id, 1, true) then
    return 0
end
call("HSET", limiter, "returned", string.sub(id .. "," .. returned, 1, REMEMBERED * (#id + 1)))

for _, name in ipairs({"day_count", "month_count"}) do
    if tonumber(call("HGET", limiter, name) or "0") > 0 then
        call("HINCRBY", limiter, name, -1)
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
