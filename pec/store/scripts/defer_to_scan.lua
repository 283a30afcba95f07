-- defer_to_scan(namespace, account, since, min, now, id, until): puts off the check of a message if its mailbox is busy:
-- enough messages sent since then await receipts. Then pages will show them, and a scan of the mailbox is scheduled.
--
-- ARGV     namespace, account, when the scan window began, how many messages make the mailbox busy, now, message, until
--          when pages are trusted to show its receipts (epoch seconds)
-- Keys     <ns>:scan:<account> (forbidden_until: the API does not show its pages), <ns>:awaiting:<account>,
--          <ns>:due:check (message → when), <ns>:due:inbox_scan (account → when)
-- Returns  1 | 0

local ns, account = ARGV[1], ARGV[2]

if tonumber(call("HGET", ns .. ":scan:" .. account, "forbidden_until") or "0") > tonumber(ARGV[5]) then
    return 0
end
if call("ZCOUNT", ns .. ":awaiting:" .. account, ARGV[3], "+inf") < tonumber(ARGV[4]) then
    return 0
end
call("ZADD", ns .. ":due:check", ARGV[7], ARGV[6])
call("ZADD", ns .. ":due:inbox_scan", "NX", ARGV[5], account)
return 1
