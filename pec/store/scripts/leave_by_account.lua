-- leave_by_account(namespace, state, account, id, …): remove messages that are in another state by now.
--
-- Keys     <ns>:message:<id>, <ns>:state:<state>:<account>, <ns>:accounts

local ns, state, account = unpack(ARGV, 1, 3)
for i = 4, #ARGV do
    if call("HGET", ns .. ":message:" .. ARGV[i], "state") ~= state then
        call("ZINCRBY", ns .. ":accounts", -call("ZREM", ns .. ":state:" .. state .. ":" .. account, ARGV[i]), account)
    end
end
return 1
