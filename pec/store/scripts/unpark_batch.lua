-- unpark_batch(namespace, batch, limit): parked messages of a resumed batch go back to their places in line, a page at a time.
--
-- Those whose turn is first go first. A message that is no longer queued is left out.
--
-- Keys     <ns>:parked:<batch>   sorted set: id → its score in its lane
--          <ns>:due:release      @<batch> stands there while some are left
-- Returns  how many are left to bring back; 0 if the batch was paused again

local ns, batch, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local parked, due, task = ns .. ":parked:" .. batch, ns .. ":due:release", "@" .. batch

if call("HEXISTS", ns .. ":batch:" .. batch, "paused") == 1 then
    call("ZREM", due, task)
    return 0
end
local accounts = {}
local page = call("ZRANGE", parked, 0, limit - 1, "WITHSCORES")
for i = 1, #page, 2 do
    local id, score = page[i], page[i + 1]
    local state, account = unpack(call("HMGET", ns .. ":message:" .. id, "state", "account"))
    if state == "queued" then
        call("ZADD", ns .. ":lane:" .. account, score, id)
        accounts[account] = true
    end
    call("ZREM", parked, id)
end
for account in pairs(accounts) do
    take_turns(ns, account)
end
local left = call("ZCARD", parked)
if left > 0 then
    call("ZADD", due, "NX", seconds(now_us()), task)
else
    call("ZREM", due, task)
end
return left
