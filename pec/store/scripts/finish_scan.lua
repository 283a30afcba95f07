-- finish_scan(namespace, account, since, crowd, again, singly): after a reading of a mailbox's pages, schedules the next
-- one while its young messages are a crowd; else it leaves the schedule, and those few are asked for one by one.
--
-- All at once, so that no message is left to pages that nobody reads.
--
-- ARGV     namespace, account, since when the young were sent, how many are a crowd, when to read pages again, when the
--          few are due, until when the API is not asked for pages, because it does not show them, or "" (epoch seconds)
-- Keys     <ns>:awaiting:<account>, <ns>:due:check (message → when), <ns>:due:inbox_scan (account → when)
-- Returns  1 | 0: whether it is crowded

local ns, account = ARGV[1], ARGV[2]
local awaiting, scans = ns .. ":awaiting:" .. account, ns .. ":due:inbox_scan"

if ARGV[7] ~= "" then
    call("HSET", ns .. ":scan:" .. account, "forbidden_until", ARGV[7])
elseif call("ZCOUNT", awaiting, ARGV[3], "+inf") >= tonumber(ARGV[4]) then
    call("ZADD", scans, ARGV[5], account)
    return 1
end
for _, id in ipairs(call("ZRANGEBYSCORE", awaiting, ARGV[3], "+inf")) do
    call("ZADD", ns .. ":due:check", "LT", ARGV[6], id)
end
call("ZREM", scans, account)
return 0
