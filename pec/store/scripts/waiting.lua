-- waiting(namespace, account…): how much waits in the stream of jobs and in each lane, since when, and whether in turn.
--
-- A lane is in order of priority, then age: its oldest is the first of one of the ten priorities. Reads only.
-- Keys     <ns>:jobs                  stream; only the id of its first entry leaves Redis, not the job
--          <ns>:lane:<account>        sorted set: id → (9 - priority) * 10^13 + order of intake
--          <ns>:message:<id>          hash: created_at, not_before (RFC 3339 in UTC, so that texts sort as instants)
--          <ns>:account:<account>     hash: token, paused, no_room
--          <ns>:rotation:<token>, <ns>:due:send   sorted sets: the account, and its token, while its lane is not empty
-- Returns  {jobs, id of the oldest | "", depth, instant | "", turn, room, …}, four for each account; turn is 0 where the lane
--          is not empty, the account neither paused nor without room, and yet nothing will be picked from it;
--          room: the bytes that the receipts of one message may take in the mailbox, on average of the first few; 0: unknown

local BAND = 1e13
local SAMPLE = 20 -- messages that stand for those that wait
local ns = ARGV[1]
local first = call("XRANGE", ns .. ":jobs", "-", "+", "COUNT", 1)[1]
local found = {call("XLEN", ns .. ":jobs"), first and first[1] or ""}

-- Since when a message could have been sent.
local function since(id)
    local created_at, not_before = unpack(call("HMGET", ns .. ":message:" .. id, "created_at", "not_before"))
    return (not_before and created_at and not_before > created_at) and not_before or created_at
end

local function oldest(lane)
    local least = ""
    for band = 0, 9 do
        local lowest = string.format("%.0f", band * BAND)
        local below = string.format("(%.0f", (band + 1) * BAND)
        local id = call("ZRANGEBYSCORE", lane, lowest, below, "LIMIT", 0, 1)[1]
        local instant = id and since(id)
        if instant and (least == "" or instant < least) then
            least = instant
        end
    end
    return least
end

local function room_of_each(lane)
    local total, known = 0, 0
    for _, id in ipairs(call("ZRANGE", lane, 0, SAMPLE - 1)) do
        local each, recipient = unpack(call("HMGET", ns .. ":message:" .. id, "room", "recipient"))
        if each then
            known, total = known + 1, total + tonumber(each) * recipients_in(recipient)
        end
    end
    return known > 0 and math.floor(total / known) or 0
end

local function in_turn(account)
    local token, paused, no_room = unpack(call("HMGET", ns .. ":account:" .. account, "token", "paused", "no_room"))
    local due = token and call("ZSCORE", ns .. ":due:send", token)
    return (paused or no_room or (due and call("ZSCORE", ns .. ":rotation:" .. token, account))) and 1 or 0
end

for i = 2, #ARGV do
    local lane = ns .. ":lane:" .. ARGV[i]
    local depth = call("ZCARD", lane)
    table.insert(found, depth)
    table.insert(found, depth > 0 and oldest(lane) or "")
    table.insert(found, depth > 0 and in_turn(ARGV[i]) or 1)
    table.insert(found, depth > 0 and room_of_each(lane) or 0)
end
return found
