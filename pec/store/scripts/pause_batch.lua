-- pause_batch(namespace, batch, at, reason): no message of the batch is picked from now on. `park_batch` empties its lanes.
--
-- ARGV     at      epoch seconds
--          reason  JSON {code, description, details}
-- Keys     <ns>:batch:<batch>   hash: paused, the reason, beside what the scripts read anyway
--          <ns>:paused          sorted set: batch → since when
-- Returns  "paused" | "already" | "unknown": no message of it was ever taken, nor its size

local ns, batch, at, reason = unpack(ARGV)
local key = ns .. ":batch:" .. batch

if call("EXISTS", key) == 0 then
    return "unknown"
end
if call("HSETNX", key, "paused", reason) == 0 then
    return "already"
end
call("ZADD", ns .. ":paused", at, batch)
return "paused"
