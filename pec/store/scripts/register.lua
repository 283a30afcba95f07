-- register(namespace, account, token, keep): an account's messages stand under this token's pace from now on.
--
-- What Redis lost since it was last run is there again: the token, and the turn of an account that has work.
--
-- ARGV     keep   "1": a token that stands there stays, for another worker may have a newer one
-- Returns  1 where the token is new

local ns, account, token, keep = unpack(ARGV)
local key = ns .. ":account:" .. account
local known = call("HGET", key, "token")

if known and (known == token or keep == "1") then
    if not (call("ZSCORE", ns .. ":rotation:" .. known, account) and call("ZSCORE", ns .. ":due:send", known)) then
        take_turns(ns, account)
    end
    return 0
end
if known then
    call("ZREM", ns .. ":rotation:" .. known, account)
end
call("HSET", key, "token", token)
take_turns(ns, account)
return 1
