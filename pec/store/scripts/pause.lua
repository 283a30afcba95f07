-- pause(namespace, account, code, reason, event_id, event): its messages wait; published once.
--
-- ARGV     code    why, a short word; reason: JSON {code, description, details}
-- Returns  1, or 0 where it was paused already

local ns, account, code, reason, event_id, event = unpack(ARGV)
local key = ns .. ":account:" .. account

if call("HSETNX", key, "paused", code) == 0 then
    return 0
end
call("HSET", key, "paused_reason", reason)
local token = call("HGET", key, "token")
if token then
    call("ZREM", ns .. ":rotation:" .. token, account)
end
call("XADD", ns .. ":events", "*", "id", event_id, "type", "account.paused", "event", event)
return 1
