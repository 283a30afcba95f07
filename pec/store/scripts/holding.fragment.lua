-- Fragment, put before the scripts that need it: what each token of the gateway holds in Redis until workers take it.
--
-- Keys     <ns>:holding:<token>         sorted set: "<kind>:<name> <bytes>" → since when (s)
--                                       kinds: content, part (of an upload that is not over), job (by its last entry)
--          <ns>:holding:<token>:bytes   string: the sum of their bytes, without what Redis keeps beside them
--          <ns>:holding:<token>:jobs    hash: SHA-256 of content → the last entry of the token's jobs that name it
--          <ns>:holding:<token>:full    string, expiring: seconds to wait, found a moment ago
--          <ns>:holding:<token>:look    string, expiring: the rank at which the next look for what is held no more begins
-- They expire a day later than all that they count. Nothing of other tokens decides, or a token would learn whether
-- others sent a file that it knows.

local HOLD_SECONDS = 8 * 86400
local UPLOAD_SECONDS = 7 * 86400
local PART_SECONDS = 60 -- within which the first bytes of an upload come
local RETRY_SECONDS = 30 -- after which workers, or uploads that end, may have freed some
local FULL_SECONDS = 5 -- for which a refusal stands, because a look costs the server some 10 ms
local LOOK_SECONDS = 60 -- after which a look begins anew at the newest
local LOOK_AT = 500
local LOOKS = 10 -- times so many at the most, for the server does nothing else meanwhile
local BESIDE = 1024 -- bytes that Redis keeps beside those of each upload and each job: keys, expiries, this entry

local function is_held(ns, token, member, since)
    local kind, name = string.match(member, "^(%a+):(%S+)")
    if kind == "job" then
        return #call("XRANGE", ns .. ":jobs", name, name) > 0
    elseif kind == "part" then
        return call("EXISTS", ns .. ":uploading:" .. name) == 1 or since + PART_SECONDS > now_us() / 1e6
    end
    local entry = call("HGET", ns .. ":holding:" .. token .. ":jobs", name)
    if entry and #call("XRANGE", ns .. ":jobs", entry, entry) > 0 then
        return true
    elseif entry and not call("ZSCORE", ns .. ":rejected_at", entry) then
        return false -- a worker took it
    end
    return since + UPLOAD_SECONDS > now_us() / 1e6 or call("EXISTS", ns .. ":uploaded:" .. token .. ":" .. name) == 1
end

local function bytes_of(member)
    return tonumber(string.match(member, "%d+$"))
end

local function held_bytes(key)
    return tonumber(call("GET", key .. ":bytes") or "0") + BESIDE * call("ZCARD", key)
end

-- Counts what the token holds from now on. The same again is counted once.
local function hold(ns, token, kind, name, bytes)
    local key = ns .. ":holding:" .. token
    if call("ZADD", key, seconds(now_us()), kind .. ":" .. name .. " " .. bytes) == 1 then
        call("INCRBY", key .. ":bytes", bytes)
    end
    call("EXPIRE", key, HOLD_SECONDS)
    call("EXPIRE", key .. ":bytes", HOLD_SECONDS)
end

-- Counts from now on what the token holds already.
local function hold_again(ns, token, kind, name, bytes)
    local key = ns .. ":holding:" .. token
    if call("ZSCORE", key, kind .. ":" .. name .. " " .. bytes) then
        hold(ns, token, kind, name, bytes)
    end
end

-- Notes that the entry names content, if the token holds it.
local function hold_for(ns, token, sha256, bytes, entry)
    local key = ns .. ":holding:" .. token
    if bytes and call("ZSCORE", key, "content:" .. sha256 .. " " .. bytes) then
        call("HSET", key .. ":jobs", sha256, entry)
        call("EXPIRE", key .. ":jobs", HOLD_SECONDS)
    end
end

local function let_go(key, member)
    if call("ZREM", key, member) == 1 then
        call("DECRBY", key .. ":bytes", bytes_of(member))
        call("HDEL", key .. ":jobs", string.match(member, ":(%S+)"))
    end
end

-- Lets go of what is held no more among those between two ranks, of which the oldest is 0.
local function let_go_of(ns, token, first, last)
    local key = ns .. ":holding:" .. token
    local found = call("ZRANGE", key, first, last, "WITHSCORES")
    for i = 1, #found, 2 do
        if not is_held(ns, token, found[i], tonumber(found[i + 1])) then
            let_go(key, found[i])
        end
    end
end

-- Returns the seconds until enough uploads that no job names have expired; few if something else, or much, is held.
local function seconds_until_free(key, missing)
    if call("ZCARD", key) > LOOK_AT then
        return RETRY_SECONDS
    end
    local last = 0
    local found = call("ZRANGE", key, 0, LOOK_AT - 1, "WITHSCORES")
    for i = 1, #found, 2 do
        if string.sub(found[i], 1, 8) ~= "content:" then
            return RETRY_SECONDS
        end
        last = missing > 0 and tonumber(found[i + 1]) or last
        missing = missing - bytes_of(found[i]) - BESIDE
    end
    return math.max(math.ceil(last + UPLOAD_SECONDS - now_us() / 1e6), RETRY_SECONDS)
end

-- Lets go of what is held no more among the next few thousand, newest first, until there is room.
-- Returns whether there is.
local function make_room(ns, token, bytes, limit)
    local key = ns .. ":holding:" .. token
    local newest = call("ZCARD", key) - 1
    local first = tonumber(call("GET", key .. ":look") or newest)
    local last = math.max(0, first - LOOKS * LOOK_AT + 1)
    for rank = first, last, -LOOK_AT do
        let_go_of(ns, token, math.max(0, rank - LOOK_AT + 1), rank)
        if held_bytes(key) + bytes <= limit then
            return true
        end
    end
    if last > 0 then
        call("SET", key .. ":look", last - 1, "EX", LOOK_SECONDS)
    else
        call("DEL", key .. ":look")
    end
    return false
end

-- Returns 0 if the token may hold so many bytes more, else the seconds after which it may. Of what is held no more, it
-- lets go among the two oldest, and among others only if room is needed: the newest first, for old uploads may be held
-- long.
local function wait_for_bytes(ns, token, bytes, limit)
    local key = ns .. ":holding:" .. token
    let_go_of(ns, token, 0, 1)
    if held_bytes(key) + bytes <= limit then
        return 0
    end
    local known = call("GET", key .. ":full")
    if known then
        return tonumber(known)
    end
    if make_room(ns, token, bytes, limit) then
        return 0
    end
    local wait = seconds_until_free(key, held_bytes(key) + bytes - limit)
    call("SET", key .. ":full", wait, "EX", FULL_SECONDS)
    return wait
end
