-- take_delivery(namespace, endpoint, lease_us): the delivery that has been due longest, under a lease; and sets
-- when the endpoint is due again: now if there is more to do, else when its next delivery or its probe is.
--
-- While the endpoint's circuit is open (it has a probe_at), only one delivery is taken at a time, from probe_at on.
-- An endpoint that is disabled gets nothing, and is not due.
--
-- Keys     <ns>:deliveries:<endpoint>   sorted set: delivery → when its next try is due, or its lease ends
--          <ns>:tries:<endpoint>        hash: delivery → failed tries so far
--          <ns>:endpoint:<endpoint>     hash: probe_at, disabled, …
--          A delivery is a stream id of <ns>:events, or `dead:` and a stream id of <ns>:dead (a replay).
-- Returns  {delivery, lease, tries, id, type, event} | nil

local ns, endpoint, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local state, deliveries = ns .. ":endpoint:" .. endpoint, ns .. ":deliveries:" .. endpoint
local tries, due = ns .. ":tries:" .. endpoint, ns .. ":due:webhook"
local now = now_us()
local ends = seconds(now + lease)
local disabled, probe_at = unpack(call("HMGET", state, "disabled", "probe_at"))

if disabled then
    call("ZREM", due, endpoint)
    return nil
end

-- The fields of a delivery's event; nil where somebody trimmed the stream by hand.
local function find(delivery)
    local letter = string.match(delivery, "^dead:(.+)")
    local id = letter or delivery
    local entry = call("XRANGE", ns .. (letter and ":dead" or ":events"), id, id)[1]
    if not entry then
        return nil
    end
    local fields = {}
    for i = 1, #entry[2], 2 do
        fields[entry[2][i]] = entry[2][i + 1]
    end
    return fields
end

local function forget(delivery)
    call("ZREM", deliveries, delivery)
    call("HDEL", tries, delivery)
    if not string.find(delivery, "^dead:") then
        call("XACK", ns .. ":events", "endpoint:" .. endpoint, delivery)
    end
end

local function take()
    while not probe_at or tonumber(probe_at) <= now / 1e6 do
        local delivery = call("ZRANGEBYSCORE", deliveries, "-inf", seconds(now), "LIMIT", 0, 1)[1]
        if not delivery then
            return nil
        end
        local event = find(delivery)
        if event then
            call("ZADD", deliveries, ends, delivery)
            local tried = tonumber(call("HGET", tries, delivery) or "0")
            return {delivery, ends, tried, event.id, event.type, event.event}
        end
        forget(delivery)
    end
end

local taken = take()
if taken and probe_at then
    probe_at = ends
    call("HSET", state, "probe_at", probe_at)
end
local earliest = call("ZRANGE", deliveries, 0, 0, "WITHSCORES")[2]
if earliest then
    local at = math.max(tonumber(earliest), tonumber(probe_at or "0"), now / 1e6)
    call("ZADD", due, string.format("%.6f", at), endpoint)
else
    call("ZREM", due, endpoint)
end
return taken
