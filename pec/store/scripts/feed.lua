-- feed(namespace, most, bound, endpoints): new events become deliveries of the endpoints that hear them.
--
-- Each endpoint is the consumer group endpoint:<name> of <ns>:events. What it doesn't hear is acknowledged at once;
-- the rest stays pending until its delivery ends. An endpoint with `bound` deliveries is given no more: what
-- follows waits in the stream. One without a group is passed over.
--
-- Keys     <ns>:deliveries:<endpoint>   sorted set: stream id → when its next try is due
--          <ns>:due:webhook             sorted set: endpoint → when a delivery of it is due
-- ARGV     most        how many events of each endpoint to look at
--          endpoints   JSON [{name, all: bool, types: {type: true}}, …]
-- Returns  names of the endpoints that have new deliveries

local ns, most, bound, endpoints = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
local events = ns .. ":events"
local now = seconds(now_us())

local function read(group, count)
    local reply = redis.pcall("XREADGROUP", "GROUP", group, "feed", "COUNT", count, "STREAMS", events, ">")
    if reply and reply.err then
        assert(string.find(reply.err, "NOGROUP"), reply.err)
        return {}
    end
    return reply and reply[1][2] or {}
end

local function hears(endpoint, fields)
    for i = 1, #fields, 2 do
        local name, value = fields[i], fields[i + 1]
        if (name == "type" and endpoint.types[value]) or (name == "webhook" and value == endpoint.name) then
            return true
        end
    end
    return endpoint.all
end

local function feed(endpoint)
    local deliveries, group = ns .. ":deliveries:" .. endpoint.name, "endpoint:" .. endpoint.name
    local room = bound - call("ZCARD", deliveries)
    local added, unheard = 0, {}
    for _, entry in ipairs(room > 0 and read(group, math.min(room, most)) or {}) do
        local id, fields = unpack(entry)
        if hears(endpoint, fields) then
            added = added + call("ZADD", deliveries, "NX", now, id)
        else
            table.insert(unheard, id)
        end
    end
    if #unheard > 0 then
        call("XACK", events, group, unpack(unheard))
    end
    return added > 0
end

local fresh = {}
for _, endpoint in ipairs(endpoints) do
    if feed(endpoint) then
        call("ZADD", ns .. ":due:webhook", "LT", now, endpoint.name)
        table.insert(fresh, endpoint.name)
    end
end
return fresh
