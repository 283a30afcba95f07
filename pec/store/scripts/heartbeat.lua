-- heartbeat(namespace, seconds, forget_seconds, seen, about, installation, tokens, counts, kept): notes what a live worker serves, for so
-- many seconds from now.
--
-- ARGV     forget_seconds   after which a worker that was killed is forgotten
--          seen             JSON {kind: [name, …]}
--          about            JSON {field: value}: where the worker runs, for operators
--          installation     a random id, for a Redis that has none, which is an empty one
--          tokens           JSON [digest, …]: the tokens that it sends with
--          counts           JSON {minute: {name: count}}: figures since the last one, by when the minute begins
--          kept             JSON {seconds: how long}: the steps in which figures are kept
-- Keys     <ns>:seen:<kind>   sorted set: name → until when a live worker serves it (epoch seconds)
--          <ns>:worker:<id>   hash: `about`, of the worker of `seen`
--          <ns>:installation  hash: id
--          pec-tokens:<digest>   sorted set, of all namespaces: namespace → until when a live worker of it uses the token.
--                                A user who may not write it does not: only operators look at it
--          <ns>:figures:<seconds>:<begins>   hash, expiring: name → count
-- Returns  {id of the installation, names of the kind `restore` that live workers report: [instant, …],
--          Redis's time (µs), {live workers with the same queues and accounts, itself included, up to MAX_ALIKE; how many
--          of these have a lower id}, the fields of INFO that name its history of writes: [field, value, …]}

local ns, seconds_ahead, forget, seen = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
local now = now_us() / 1e6
local MAX_ALIKE = 4

for kind, names in pairs(seen) do
    for _, name in ipairs(names) do
        call("ZADD", ns .. ":seen:" .. kind, string.format("%.6f", now + seconds_ahead), name)
    end
end
local about = cjson.decode(ARGV[5])
for field, value in pairs(about) do
    call("HSET", ns .. ":worker:" .. seen.worker[1], field, value)
end
if seen.worker then
    call("EXPIRE", ns .. ":worker:" .. seen.worker[1], math.ceil(seconds_ahead))
end
for _, digest in ipairs(cjson.decode(ARGV[7])) do
    local shared = "pec-tokens:" .. digest
    redis.pcall("ZREMRANGEBYSCORE", shared, "-inf", string.format("%.6f", now))
    redis.pcall("ZADD", shared, string.format("%.6f", now + seconds_ahead), ns)
    redis.pcall("EXPIRE", shared, math.ceil(seconds_ahead))
end
local kept = cjson.decode(ARGV[9])
for minute, counts in pairs(cjson.decode(ARGV[8])) do
    for step, how_long in pairs(kept) do
        local begins = math.floor(tonumber(minute) / tonumber(step)) * tonumber(step)
        local key = string.format("%s:figures:%s:%d", ns, step, begins)
        for name, count in pairs(counts) do
            call("HINCRBY", key, name, count)
        end
        call("EXPIRE", key, how_long)
    end
end
local function alike()
    local function work(id)
        local queues, accounts = unpack(call("HMGET", ns .. ":worker:" .. id, "queues", "accounts"))
        return (queues or "") .. "|" .. (accounts or "")
    end
    local others = call("ZRANGEBYSCORE", ns .. ":seen:worker", string.format("%.6f", now), "+inf", "LIMIT", 0, MAX_ALIKE)
    local mine, count, before = work(seen.worker[1]), 0, 0
    for _, id in ipairs(others) do
        local same = work(id) == mine
        count = count + (same and 1 or 0)
        before = before + (same and id < seen.worker[1] and 1 or 0)
    end
    return {math.max(1, count), before}
end

local function history_fields()
    local said, found = call("INFO", "replication"), {}
    for _, field in ipairs({"master_replid", "master_repl_offset", "master_replid2", "second_repl_offset"}) do
        table.insert(found, field)
        table.insert(found, string.match(said, field .. ":(%S+)") or "")
    end
    return found
end

call("ZREMRANGEBYSCORE", ns .. ":seen:worker", "-inf", string.format("%.6f", now - forget))
call("HSETNX", ns .. ":installation", "id", ARGV[6])
local restores = call("ZRANGEBYSCORE", ns .. ":seen:restore", string.format("%.6f", now), "+inf")
local fellows = next(about) and alike() or {1, 0}
return {call("HGET", ns .. ":installation", "id"), restores, now_us(), fellows, history_fields()}
