-- room_reading(namespace, account, used, limit, pause_at, ask_share, before): note a reading of the quota.
--
-- What had come before the quota was asked is part of what is used. An account that waits for room goes on if there is
-- enough for the message that is first in its lane now: the one that found none may have been cancelled or overtaken.
-- What is expected is added up anew, so that no error of the past stays.
--
-- ARGV     used, limit   bytes; pause_at: up to where sends may fill it, -1: the API states no limit
--          ask_share     bytes that may come before the quota is read again
--          before        room_arrived before the quota was asked
-- Returns  the account's hash, or {} if a later reading is there already

local ns, account = ARGV[1], ARGV[2]
local used, limit, pause_at, ask_share, before =
    tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local key = ns .. ":account:" .. account
local arrived, counted, no_room = unpack(call("HMGET", key, "room_arrived", "room_counted", "no_room"))
local expected = 0

-- What the first message of the lane needs; nil if there is none, or if it is one that the next pick removes.
local function first_needs()
    local id = call("ZRANGE", ns .. ":lane:" .. account, 0, 0)[1]
    local state, each, recipient = unpack(call("HMGET", ns .. ":message:" .. (id or ""), "state", "room", "recipient"))
    return state == "queued" and tonumber(each or "0") * recipients_in(recipient) or nil
end

if before < tonumber(counted or "0") then
    return {}
end
for _, entry in ipairs(call("HVALS", ns .. ":room:" .. account)) do
    local each, recipients = string.match(entry, "(%d+) (%d+)")
    expected = expected + tonumber(each) * tonumber(recipients)
end
call("HSET", key,
    "room_used", whole(used), "room_limit", whole(limit), "room_pause_at", whole(pause_at),
    "room_expected", whole(expected), "room_counted", whole(before), "room_ask_at", whole(before + ask_share))
local left = pause_at - used - expected - (tonumber(arrived or "0") - before)
local needed = no_room and first_needs()
if needed and pause_at >= 0 and needed > left then
    call("HSET", key, "no_room", whole(needed))
elseif no_room then
    call("HDEL", key, "no_room", "no_room_since")
    take_turns(ns, account)
end
return call("HGETALL", key)
