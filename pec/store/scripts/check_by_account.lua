-- check_by_account(namespace, state, …): note whether every message is entered among those of its state and account.
--
-- Workers of an older version move messages in <ns>:state:<state> alone, so the counts differ.
--
-- Keys     <ns>:by_account   string: there if the counts agree
-- Returns  the states whose counts differ

local ns, differ = ARGV[1], {}
local accounts = call("ZRANGE", ns .. ":accounts", 0, -1)
for i = 2, #ARGV do
    local index, count = ns .. ":state:" .. ARGV[i], 0
    for _, account in ipairs(accounts) do
        count = count + call("ZCARD", index .. ":" .. account)
    end
    if count ~= call("ZCARD", index) then
        table.insert(differ, ARGV[i])
    end
end
if #differ == 0 then
    call("SET", ns .. ":by_account", "1")
else
    call("DEL", ns .. ":by_account")
end
return differ
