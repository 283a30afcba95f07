-- resume_batch(namespace, batch): its messages may be picked again. `unpark_batch` brings them back into their lanes.
--
-- Keys     <ns>:due:release   @<batch>: a worker brings them back if the command does not
-- Returns  "resumed" | "already" | "unknown"

local ns, batch = unpack(ARGV)
local key = ns .. ":batch:" .. batch

if call("EXISTS", key) == 0 then
    return "unknown"
end
call("ZREM", ns .. ":paused", batch)
local was_paused = call("HDEL", key, "paused")
if call("EXISTS", ns .. ":parked:" .. batch) == 1 then
    call("ZADD", ns .. ":due:release", "NX", seconds(now_us()), "@" .. batch)
end
return was_paused == 1 and "resumed" or "already"
