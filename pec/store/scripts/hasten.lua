-- enable(namespace, endpoint, lease_us, limit): close an endpoint's circuit, and make what waits for it due now.
--
-- What is due within a lease may be under one: it stays, and comes soon.
--
-- Keys     as in deliver.lua
-- ARGV     limit   how many deliveries to make due
-- Returns  how many were

local ns, endpoint, lease_us, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local deliveries = ns .. ":deliveries:" .. endpoint
local now = now_us()

call("HDEL", ns .. ":endpoint:" .. endpoint, "disabled", "failures", "probe_at")
local waiting = call("ZRANGEBYSCORE", deliveries, "(" .. seconds(now + lease_us), "+inf", "LIMIT", 0, limit)
for _, delivery in ipairs(waiting) do
    call("ZADD", deliveries, seconds(now), delivery)
end
call("ZADD", ns .. ":due:webhook", seconds(now), endpoint)
return #waiting
