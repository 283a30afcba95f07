-- Fragment, put before the scripts that need it: the room in a mailbox that receipts on their way will take.
--
-- Keys     <ns>:room:<account>      hash: id → "each recipients": the bytes that the receipts about one recipient may take,
--                                   and how many recipients are awaited
--          <ns>:account:<account>   hash. All in bytes:
--                                     room_used, room_limit   by the last reading of the quota
--                                     room_pause_at           up to where sends may fill it; -1: no limit is stated
--                                     room_expected           the sum of <ns>:room:<account>
--                                     room_arrived            of all receipts that are known to have come, ever
--                                     room_counted            how much of that the last reading showed
--                                     room_ask_at             value of room_arrived from which the quota is read again
--                                   no_room, no_room_since    what the next message needs, and since when (epoch seconds);
--                                                             only while it waits for room

local function whole(bytes)
    return string.format("%.0f", bytes + 0) -- never "-0"
end

-- How many recipients a record has, by its field `recipient`.
local function recipients_in(recipient)
    return recipient and string.sub(recipient, 1, 1) == "[" and #cjson.decode(recipient) or 1
end

local function ask_quota(ns, account)
    local due = ns .. ":due:quota"
    if not call("ZSCORE", due, account) then
        call("ZADD", due, seconds(now_us()), account)
    else
        call("ZADD", due, "LT", seconds(now_us()), account)
    end
end

-- Sets how many recipients of a message are awaited. What has come stays counted until a reading of the quota shows it;
-- what was never sent is free at once.
local function settle_room(ns, account, id, left, each, came)
    local entries, key = ns .. ":room:" .. account, ns .. ":account:" .. account
    local known, count = string.match(call("HGET", entries, id) or "", "(%d+) (%d+)")
    each, count = tonumber(known or each), tonumber(count or "0")
    if left == count then
        return
    end
    if left > 0 then
        call("HSET", entries, id, whole(each) .. " " .. left)
    else
        call("HDEL", entries, id)
    end
    local expected = call("HINCRBY", key, "room_expected", whole(each * (left - count)))
    if left > count or not came then
        return
    end
    local arrived = call("HINCRBY", key, "room_arrived", whole(each * (count - left)))
    local ask_at, waits = unpack(call("HMGET", key, "room_ask_at", "no_room"))
    if (ask_at and arrived >= tonumber(ask_at)) or (waits and expected <= 0) then
        ask_quota(ns, account)
    end
end
