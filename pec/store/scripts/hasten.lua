-- hasten(namespace, endpoint, limit): make deliveries that wait for a retry due now, and the endpoint too.
--
-- What is due within the longest lease of its workers may be under one: it stays, and comes soon.
--
-- Keys     as in deliver.lua
-- ARGV     limit   how many deliveries

local UNKNOWN_US = 60e6 -- the lease of a worker of an older version

local ns, endpoint, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local deliveries, now = ns .. ":deliveries:" .. endpoint, now_us()
local lease_us = tonumber(call("HGET", ns .. ":endpoint:" .. endpoint, "lease_us") or UNKNOWN_US)

local waiting = call("ZRANGEBYSCORE", deliveries, "(" .. seconds(now + lease_us), "+inf", "LIMIT", 0, limit)
for _, delivery in ipairs(waiting) do
    call("ZADD", deliveries, seconds(now), delivery)
end
call("ZADD", ns .. ":due:webhook", seconds(now), endpoint)
