-- admit(namespace, id, sha256, at, place…): judge a request by its token, count it, and note the token's use.
--
-- Lua compares interned strings by their address, so the time of a comparison shows nothing of the digest.
--
-- Keys     <ns>:token:<id>        hash: sha256, rate, expires_us, used_us, …
--          <ns>:token:<id>:pace   string: when (µs) all requests so far are over at the token's rate. Neither the disk nor
--                                 replicas get it: it lives for seconds, and each request would cost a flush
--          <ns>:slowed:<place>    string, expiring: credentials from there are not looked at
-- ARGV     at                     RFC 3339, for used_at
-- Returns  {} of no such token | {"fast", wait_us} | {"ok", slowed_ms, field, value, …}

local ns, id = ARGV[1], ARGV[2]
local key, pace = ns .. ":token:" .. id, ns .. ":token:" .. id .. ":pace"
local sha256, rate, expires, used = unpack(call("HMGET", key, "sha256", "rate", "expires_us", "used_us"))
local now = now_us()
if not sha256 or sha256 ~= ARGV[3] or (expires and tonumber(expires) <= now) then
    return {}
end

local interval = 1000000 / tonumber(rate)
local burst = math.max(1000000, interval)
local over = math.max(now, tonumber(call("GET", pace) or "0"))
if over > now + 2 * burst then -- the clock was set back
    over = now
end
if over + interval > now + burst + 1 then
    return {"fast", string.format("%d", over + interval - now - burst)}
end
redis.set_repl(redis.REPL_NONE)
call("SET", pace, string.format("%d", over + interval), "PX", math.ceil(2 * burst / 1000))
redis.set_repl(redis.REPL_ALL)

if not used or now - tonumber(used) > 60000000 then
    call("HSET", key, "used_us", string.format("%d", now), "used_at", ARGV[4])
end
local slowed = 0
for i = 5, #ARGV do
    slowed = math.max(slowed, call("PTTL", ns .. ":slowed:" .. ARGV[i]))
end
local answer = {"ok", slowed}
for _, part in ipairs(call("HGETALL", key)) do
    table.insert(answer, part)
end
return answer
