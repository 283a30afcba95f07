-- register(namespace, account, token): an account's messages stand under this token's pace from now on.
--
-- Returns  1 where that is new

local ns, account, token = unpack(ARGV)
local key = ns .. ":account:" .. account
local known = call("HGET", key, "token")

if known == token then
    return 0
end
if known then
    call("ZREM", ns .. ":turns:" .. known, account)
end
call("HSET", key, "token", token)
take_turns(ns, account)
return 1
