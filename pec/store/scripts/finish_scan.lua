-- finish_scan(namespace, account, since, min, again, check_at, forbidden_until): after a scan of a mailbox, schedules the
-- next one while the mailbox is busy, else a check of each message that waits for pages.
--
-- All at once, so that no message waits for a scan that will not come.
--
-- ARGV     namespace, account, when the scan window began, how many messages make the mailbox busy, when to scan again,
--          when the checks are due, until when pages are not asked for because the API refuses them, or "" (epoch seconds)
-- Keys     <ns>:awaiting:<account>, <ns>:due:check (message → when), <ns>:due:inbox_scan (account → when)
-- Returns  1 | 0: whether it is busy

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
