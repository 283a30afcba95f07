-- settle_delivery(namespace, endpoint, delivery, lease, outcome, wait_us, field, value, …): what a try ended in.
--
-- Five failures in a row open the endpoint's circuit: probe_at, after which one delivery tries. A success closes it.
-- Whoever lost the lease can still tell of a success, of nothing else. The same call again changes nothing.
--
-- Keys     as in take_delivery, and <ns>:endpoint:<endpoint>: failures (in a row), probe_at, disabled, dead
-- ARGV     lease     as take_delivery gave it
--          outcome   delivered | retry | dead | gone
--          wait_us   retry: until the next try
--          field …   dead: the letter, as <ns>:dead keeps it
-- Returns  1, or 0 where somebody else has it, or it has ended

local ns, endpoint, delivery, lease, outcome, wait = unpack(ARGV, 1, 6)
local state, deliveries = ns .. ":endpoint:" .. endpoint, ns .. ":deliveries:" .. endpoint
local tries, due = ns .. ":tries:" .. endpoint, ns .. ":due:webhook"
local now = now_us()
local score = call("ZSCORE", deliveries, delivery)

if not score or (outcome ~= "delivered" and tonumber(score) ~= tonumber(lease)) then
    return 0
end

local function finish()
    call("ZREM", deliveries, delivery)
    call("HDEL", tries, delivery)
    local letter = string.match(delivery, "^dead:(.+)")
    if not letter then
        call("XACK", ns .. ":events", "endpoint:" .. endpoint, delivery)
    elseif call("XDEL", ns .. ":dead", letter) == 1 then
        call("HINCRBY", state, "dead", -1)
    end
end

-- What was on its way when the circuit opened tells nothing new: only the probe's failure lengthens the wait.
local function count_failure()
    local probe = call("HGET", state, "probe_at")
    if probe and tonumber(probe) ~= tonumber(lease) then
        return
    end
    local beyond = call("HINCRBY", state, "failures", 1) - 5
    if beyond >= 0 then
        local pause = math.min(5 * 2 ^ beyond, 300)
        call("HSET", state, "probe_at", seconds(now + pause * 1e6))
    end
end

if outcome == "delivered" then
    finish()
    if call("HDEL", state, "failures", "probe_at") == 2 then
        call("ZADD", due, "LT", seconds(now), endpoint) -- all that waited for the probe
    end
elseif outcome == "retry" then
    count_failure()
    local at = seconds(now + tonumber(wait))
    call("HINCRBY", tries, delivery, 1)
    call("ZADD", deliveries, at, delivery)
    call("ZADD", due, "LT", at, endpoint)
elseif outcome == "dead" then
    count_failure()
    call("XADD", ns .. ":dead", "*", unpack(ARGV, 7))
    call("HINCRBY", state, "dead", 1)
    finish()
elseif outcome == "gone" then
    call("HSET", state, "disabled", "1")
    call("ZADD", deliveries, seconds(now), delivery)
    call("ZREM", due, endpoint)
end
return 1
