-- defer_to_scan(namespace, account, since, crowd, now, id, until): whether pages of a mailbox will show what comes for
-- a message, because so many await receipts. Then its own check waits, and the mailbox stands in the schedule.
--
-- ARGV     namespace, account, since when the young were sent, how many are a crowd, now, message, when pages are no
--          longer trusted to show it (epoch seconds)
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
