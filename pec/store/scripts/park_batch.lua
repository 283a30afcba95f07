-- park_batch(namespace, batch, from, limit): messages of a paused batch leave their lanes, a page at a time.
--
-- `pick` parks what this overlooks. Without this, they would count as waiting in line until then.
--
-- ARGV     from    rank in the batch of the first message to look at
--          limit   how many to look at
-- Keys     <ns>:members:<batch>   sorted set: id → order of intake
--          <ns>:parked:<batch>    sorted set: id → its score in its lane
-- Returns  how many were looked at; 0 at the end, or if the batch is not paused

local ns, batch, from, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

if call("HEXISTS", ns .. ":batch:" .. batch, "paused") == 0 then
    return 0
end
local page = call("ZRANGE", ns .. ":members:" .. batch, from, from + limit - 1)
for _, id in ipairs(page) do
    local state, account = unpack(call("HMGET", ns .. ":message:" .. id, "state", "account"))
    local lane = state == "queued" and ns .. ":lane:" .. account
    local score = lane and call("ZSCORE", lane, id)
    if score then
        call("ZREM", lane, id)
        call("ZADD", ns .. ":parked:" .. batch, score, id)
    end
end
return #page
