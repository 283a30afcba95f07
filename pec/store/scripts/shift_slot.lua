-- shift_slot(limiter, slot_us, interval_us, late_us): a slot whose thread is late begins later, unless the next is given already.
--
-- So that a late send and the one after it keep their distance.
--
-- ARGV     late_us   how much later, or "": it begins now
-- Keys     limiter   hash: tat
-- Returns  the slot (µs), or nil where the next one is given already

local limiter, slot, interval = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

if tonumber(call("HGET", limiter, "tat") or "0") ~= slot + interval then
    return nil
end
local begins = ARGV[4] == "" and now_us() or slot + tonumber(ARGV[4])
call("HSET", limiter, "tat", begins + interval)
return begins
