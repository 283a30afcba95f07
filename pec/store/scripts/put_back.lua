-- put_back(namespace, account, id, score, not_after): put back a message that was picked and not claimed, and free its room.
--
-- ARGV     not_after is epoch seconds, or "" for none
-- Returns  1, or 0 where it is no longer queued (it was claimed or cancelled elsewhere)

local ns, account, id, score, not_after = unpack(ARGV)

if call("HGET", ns .. ":message:" .. id, "state") ~= "queued" then
    return 0
end
settle_room(ns, account, id, 0, 0, false)
if not_after == "" then
    call("ZREM", ns .. ":due:release", id)
else
    call("ZADD", ns .. ":due:release", not_after, id)
end
enter_lane(ns, account, id, score)
return 1
