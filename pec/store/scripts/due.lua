-- due(namespace, lease_us, {queue, most}…): takes what is due of each queue, pushing it ahead by the lease.
--
-- ARGV     namespace, lease in µs, then pairs: queue, how many at most
-- Returns  [[member, when it was due (epoch seconds), …], …] in the order of the queues

local call = redis.call
local time = call("TIME")
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local ahead = string.format("%.6f", now + tonumber(ARGV[2]) / 1e6)

local taken = {}
for i = 3, #ARGV, 2 do
    local key = ARGV[1] .. ":due:" .. ARGV[i]
    local members = call("ZRANGEBYSCORE", key, "-inf", now, "WITHSCORES", "LIMIT", 0, ARGV[i + 1])
    for m = 1, #members, 2 do
        call("ZADD", key, ahead, members[m])
    end
    table.insert(taken, members)
end
return taken
