-- enter_by_account(namespace, state, id, …): enter messages among those of their state and account, as `commit` does.
--
-- Keys     <ns>:message:<id>, <ns>:state:<state>, <ns>:state:<state>:<account>, <ns>:accounts

local ns, state = ARGV[1], ARGV[2]
local index = ns .. ":state:" .. state
for i = 3, #ARGV do
    local since, account = call("ZSCORE", index, ARGV[i]), call("HGET", ns .. ":message:" .. ARGV[i], "account")
    if since and account then
        call("ZINCRBY", ns .. ":accounts", call("ZADD", index .. ":" .. account, since, ARGV[i]), account)
    end
end
return 1
