-- check_by_account(namespace, state, …): note whether every message is entered among those of its state and account.
--
-- Workers of an older version move messages in <ns>:state:<state> alone, so the counts differ.
--
-- Keys     <ns>:by_account   string, expiring: the counts agree. Two hourly passes that don't come end it
-- Returns  1 if counts differ, else 0

local ns = ARGV[1]
local accounts = call("ZRANGE", ns .. ":accounts", 0, -1)
for i = 2, #ARGV do
    local index, count = ns .. ":state:" .. ARGV[i], 0
    for _, account in ipairs(accounts) do
        count = count + call("ZCARD", index .. ":" .. account)
    end
    if count ~= call("ZCARD", index) then
        call("DEL", ns .. ":by_account")
        return 1
    end
end
call("SET", ns .. ":by_account", "1", "EX", 7200)
return 0
