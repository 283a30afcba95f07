-- resume(namespace, account, only, event_id, event): its messages take their turns again; published once.
--
-- If it had no room, its quota is read again, and its next message is admitted by that.
--
-- ARGV     only    resume only if it was paused with this code; "" for any
-- Returns  1, or 0 where it was not paused (so)

local ns, account, only, event_id, event = unpack(ARGV)
local key = ns .. ":account:" .. account
local paused = call("HGET", key, "paused")

if not paused or (only ~= "" and paused ~= only) then
    return 0
end
call("HDEL", key, "paused", "paused_reason")
if call("HDEL", key, "no_room", "no_room_since") > 0 then
    ask_quota(ns, account)
end
take_turns(ns, account)
call("XADD", ns .. ":events", "*", "id", event_id, "type", "account.resumed", "event", event)
return 1
