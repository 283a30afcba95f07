-- deliver(namespace, endpoint, lease, until, limit, lease_us, results, kept, kept_seconds): one step of a worker's lease at an endpoint.
-- Stores the results of the step before, takes what has been due longest, and sets when the endpoint is due again.
--
-- Five failures in a row open the endpoint's circuit: probe_at, after which one delivery tries. A success closes it.
-- After any failure deliveries are taken one by one. A disabled endpoint gets nothing, and is not due.
-- A worker whose time was over can still store a success, and nothing else. The same call again changes nothing: it
-- returns what the first call took.
--
-- Keys     <ns>:deliveries:<endpoint>   sorted set: delivery → when its next try is due, or its lease ends
--          <ns>:tries:<endpoint>        hash: delivery → failed tries so far
--          <ns>:endpoint:<endpoint>     hash: failures (in a row), probe_at, disabled, dead, lease_us (the longest)
--          <ns>:lease:<lease>           string, expiring: until when what the lease holds is taken
--          <ns>:good_tries:<endpoint>, <ns>:failed_tries:<endpoint>   list, expiring: notes of tries, newest first
--          A delivery is a stream id of <ns>:events, or `dead:` and a stream id of <ns>:dead (a replay).
-- ARGV     lease     a random id, the same for each step
--          until     of what the step before took, as it was returned; empty at the first step
--          limit     how many to take; 0 at the last step
--          results   JSON [[delivery, outcome, wait_us, letter, note], …]
--                      outcome   delivered | retry | dead | gone | untried
--                      wait_us   retry: until the next try
--                      letter    dead: [field, value, …], as <ns>:dead keeps it
--                      note      for operators; empty: none
--          kept, kept_seconds   how many notes are kept of each list, and how long
-- Returns  {until, delivery, tries, id, type, event, delivery, …} | nil

local GRACE_US = 250000 -- who took some takes the rest soon; only then is another called to help

local ns, endpoint, lease, leased_until = unpack(ARGV, 1, 4)
local limit, lease_us, results = tonumber(ARGV[5]), tonumber(ARGV[6]), cjson.decode(ARGV[7])
local state, deliveries = ns .. ":endpoint:" .. endpoint, ns .. ":deliveries:" .. endpoint
local tries, due, held = ns .. ":tries:" .. endpoint, ns .. ":due:webhook", ns .. ":lease:" .. lease
local now = now_us()

local function acknowledge(delivery)
    call("ZREM", deliveries, delivery)
    call("HDEL", tries, delivery)
    if not string.find(delivery, "^dead:") then
        call("XACK", ns .. ":events", "endpoint:" .. endpoint, delivery)
    end
end

local function finish(delivery)
    acknowledge(delivery)
    local letter = string.match(delivery, "^dead:(.+)")
    if letter and call("XDEL", ns .. ":dead", letter) == 1 then
        call("HINCRBY", state, "dead", -1)
    end
end

-- What was on its way when the circuit opened is no news: only the probe's failure lengthens the wait.
local function count_failure()
    local probe = call("HGET", state, "probe_at")
    if probe and tonumber(probe) ~= tonumber(leased_until) then
        return
    end
    local beyond = call("HINCRBY", state, "failures", 1) - 5
    if beyond >= 0 then
        local pause = math.min(5 * 2 ^ beyond, 300)
        call("HSET", state, "probe_at", seconds(now + pause * 1e6))
    end
end

local ends = {}

function ends.delivered(delivery)
    finish(delivery)
    call("HDEL", state, "failures", "probe_at")
end

function ends.retry(delivery, wait)
    count_failure()
    call("HINCRBY", tries, delivery, 1)
    call("ZADD", deliveries, seconds(now + wait), delivery)
end

function ends.dead(delivery, _, letter)
    count_failure()
    call("XADD", ns .. ":dead", "*", unpack(letter))
    call("HINCRBY", state, "dead", 1)
    finish(delivery)
end

function ends.gone(delivery)
    call("HSET", state, "disabled", "1")
    call("ZADD", deliveries, seconds(now), delivery)
end

function ends.untried(delivery)
    call("ZADD", deliveries, seconds(now), delivery)
end

local notes = {good_tries = {}, failed_tries = {}}

local function settle(delivery, outcome, wait, letter, note)
    local score = call("ZSCORE", deliveries, delivery)
    if score and (outcome == "delivered" or tonumber(score) == tonumber(leased_until)) then
        ends[outcome](delivery, wait, letter)
        if note and note ~= "" then
            table.insert(notes[outcome == "delivered" and "good_tries" or "failed_tries"], note)
        end
    end
end

local function keep_notes()
    for kind, made in pairs(notes) do
        if #made > 0 then
            local key = ns .. ":" .. kind .. ":" .. endpoint
            call("LPUSH", key, unpack(made))
            call("LTRIM", key, 0, tonumber(ARGV[8]) - 1)
            call("EXPIRE", key, tonumber(ARGV[9]))
        end
    end
end

-- The fields of a delivery's event; nil if the stream was trimmed by hand.
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

-- The deliveries among these whose events are still there: as they are returned, taken until then.
local function as_reply(found, taken_until)
    local reply = {taken_until}
    for _, delivery in ipairs(found) do
        local event = find(delivery)
        if event then
            local failed = tonumber(call("HGET", tries, delivery) or "0")
            for _, part in ipairs({delivery, failed, event.id, event.type, event.event}) do
                table.insert(reply, part)
            end
        else
            acknowledge(delivery)
        end
    end
    return reply
end

local function take(disabled, failures, probe_at)
    if disabled or (probe_at and tonumber(probe_at) > now / 1e6) then
        return nil
    end
    local count = failures and math.min(limit, 1) or limit
    local taken_until = seconds(now + lease_us)
    while count > 0 do
        local found = call("ZRANGEBYSCORE", deliveries, "-inf", seconds(now), "LIMIT", 0, count)
        if #found == 0 then
            return nil
        end
        for _, delivery in ipairs(found) do
            call("ZADD", deliveries, taken_until, delivery)
        end
        local reply = as_reply(found, taken_until)
        if #reply > 1 then
            return reply
        end
    end
end

local function schedule(disabled, probe_at, goes_on)
    local earliest = call("ZRANGE", deliveries, 0, 0, "WITHSCORES")[2]
    if disabled or not earliest then
        call("ZREM", due, endpoint)
        return
    end
    local at = math.max(tonumber(earliest), tonumber(probe_at or "0")) * 1e6
    if at <= now and goes_on then
        call("ZADD", due, "LT", seconds(now + GRACE_US), endpoint)
    else
        call("ZADD", due, seconds(math.max(at, now)), endpoint)
    end
end

local known = call("GET", held)
if known and known ~= leased_until then
    return as_reply(call("ZRANGEBYSCORE", deliveries, known, known), known)
end
for _, one in ipairs(results) do
    settle(unpack(one))
end
keep_notes()
local disabled, failures, probe_at, longest = unpack(call("HMGET", state, "disabled", "failures", "probe_at", "lease_us"))
local taken = take(disabled, failures, probe_at)
if taken then
    if lease_us > tonumber(longest or "0") then
        call("HSET", state, "lease_us", lease_us)
    end
    call("SET", held, taken[1], "PX", math.ceil(lease_us / 1000))
    if probe_at then
        probe_at = taken[1]
        call("HSET", state, "probe_at", probe_at)
    end
elseif known then
    call("DEL", held)
end
schedule(disabled, probe_at, taken)
return taken
