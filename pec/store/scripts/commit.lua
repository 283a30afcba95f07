-- commit(payload, blob, …): applies changes of records, schedule, events and counts together, or nothing.
--
-- ARGV[1]  JSON {
--   ns        namespace
--   op        random id of this commit; the first record keeps it, so that a repeat gets the first answer
--   now       RFC 3339, for batch.completed
--   history?  id of the history of writes that the server must have
--   records   [{key, version ("0": must not exist), set: [field, value, …], del: [field, …],
--             move: [id, account, from: "" | state, to: state, since] or []}]
--   absent    [key, …]                   keys that must not exist
--   contents  [{key, blob: 0 | n, times, archived?}]  needed by so many more; the bytes are ARGV[n], or the archive
--             holds them since just now (their size), or they must be there already, in Redis or in the archive
--   batches   [{name, from: "" | state, to: "" | state, ended: 0 | 1, size: "" | n}]
--             the greatest size counts: two workers may take two of them in either order
--   commands  [[name, argument, …]]      run in order
--   rooms     [{account, id, left, each, came}]   recipients of a message that are awaited from now on; `came`: what no
--             longer is has come into the mailbox (else it was never sent)
--   lanes     [{account, id, score, batch: "" | name}]  enter their lanes, or are parked if their batch is paused
-- }
-- Returns {"applied"} | {"repeated"} | {"conflict", key} | {"present", key, value} | {"missing", key}
--          | {"elsewhere"}              the server has another history

local payload = cjson.decode(ARGV[1])
local ns, first = payload.ns, payload.records[1]

local op, first_version
if first then
    op, first_version = unpack(call("HMGET", first.key, "op", "version"))
end
if op == payload.op then
    call("HSET", first.key, "op", payload.op) -- WAIT waits for what its own connection wrote
    return {"repeated"}
end
if payload.history and payload.history ~= history() then
    return {"elsewhere"}
end
for i, record in ipairs(payload.records) do
    local version = first_version
    if i > 1 then
        version = call("HGET", record.key, "version")
    end
    if (version or "0") ~= record.version then
        return {"conflict", record.key}
    end
end
for _, key in ipairs(payload.absent) do
    if call("EXISTS", key) == 1 then
        return {"present", key, call("GET", key)}
    end
end
for _, content in ipairs(payload.contents) do
    if content.blob == 0 and not content.archived and call("HEXISTS", content.key, "data") == 0
        and call("HEXISTS", content.key, "archived") == 0 then
        return {"missing", content.key}
    end
end

-- Publishes `batch.completed` once when as many of its messages ended as its size says. Returns whether it is paused.
local function complete(key, name)
    local size, ended, completed_at, paused = unpack(call("HMGET", key, "size", "ended", "completed_at", "paused"))
    if not size or completed_at or tonumber(ended or "0") < tonumber(size) then
        return paused
    end
    call("HSET", key, "completed_at", payload.now)
    local counts, fields = {}, call("HGETALL", key)
    for i = 1, #fields, 2 do
        local count = tonumber(fields[i + 1])
        if count and count > 0 and fields[i] ~= "size" and fields[i] ~= "ended" then
            counts[fields[i]] = count
        end
    end
    local body = cjson.encode({
        type = "batch.completed",
        timestamp = payload.now,
        data = {batch = name, size = tonumber(size), counts = counts},
    })
    local id = "evt_" .. string.sub(redis.sha1hex(key .. payload.now), 1, 30)
    call("XADD", ns .. ":events", "*", "id", id, "type", "batch.completed", "event", body)
    return paused
end

local function count(batch)
    local key = ns .. ":batch:" .. batch.name
    if batch.from ~= "" then
        call("HINCRBY", key, batch.from, -1)
    end
    if batch.to ~= "" then
        call("HINCRBY", key, batch.to, 1)
    end
    if batch.ended > 0 then
        call("HINCRBY", key, "ended", batch.ended)
    end
    if batch.size ~= "" then
        local known = tonumber(call("HGET", key, "size") or "0")
        if tonumber(batch.size) > known then
            call("HSET", key, "size", batch.size)
            call("HDEL", key, "completed_at") -- it has grown, and is complete once more of it ends
        end
    end
    return complete(key, batch.name)
end

-- Enters a message among those of its state, and of its state and account.
local function move(id, account, from, to, since)
    local was_entered = 0
    if from ~= "" then
        call("ZREM", ns .. ":state:" .. from, id)
        was_entered = call("ZREM", ns .. ":state:" .. from .. ":" .. account, id)
    end
    call("ZADD", ns .. ":state:" .. to, since, id)
    local more = call("ZADD", ns .. ":state:" .. to .. ":" .. account, since, id) - was_entered
    if more ~= 0 then
        call("ZINCRBY", ns .. ":accounts", more, account)
    end
end

if first then
    table.insert(first.set, "op")
    table.insert(first.set, payload.op)
end
for _, record in ipairs(payload.records) do
    call("HSET", record.key, unpack(record.set))
    if #record.move > 0 then
        move(unpack(record.move))
    end
    if #record.del > 0 then
        call("HDEL", record.key, unpack(record.del))
    end
end
for _, content in ipairs(payload.contents) do
    if content.blob > 0 then
        call("HSET", content.key, "data", ARGV[content.blob])
    elseif content.archived then
        call("HSET", content.key, "archived", content.archived)
    end
    call("HINCRBY", content.key, "refs", content.times)
end
for _, command in ipairs(payload.commands) do
    call(unpack(command))
end
for _, room in ipairs(payload.rooms) do
    settle_room(ns, room.account, room.id, room.left, room.each, room.came)
end
local paused = {}
for _, batch in ipairs(payload.batches) do
    paused[batch.name] = count(batch)
end
for _, lane in ipairs(payload.lanes) do
    local name = lane.batch
    if name ~= "" and paused[name] == nil then -- it is counted where it was: its time has come, or its lease ended
        paused[name] = call("HEXISTS", ns .. ":batch:" .. name, "paused") == 1
    end
    if paused[name] then
        call("ZADD", ns .. ":parked:" .. lane.batch, lane.score, lane.id)
    else
        enter_lane(ns, lane.account, lane.id, lane.score)
    end
end
return {"applied"}
