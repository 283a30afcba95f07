-- shift_slot(limiter, slot_us, interval_us): a slot whose thread is late begins now, unless the next is given already.
--
-- So that a late send and the one after it keep their distance.
--
-- Keys     limiter   hash: tat
-- Returns  the slot (µs), or nil where the next one is given already

local limiter, slot, interval = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

if tonumber(call("HGET", limiter, "tat") or "0") ~= slot + interval then
    return nil
end
local now = now_us()
call("HSET", limiter, "tat", now + interval)
return now
