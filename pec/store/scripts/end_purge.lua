-- end_purge(namespace, account, grace, soonest): schedules the next purge of a mailbox, or none if nothing is left.
--
-- All at once, so that a message which may be purged from now on is not missed.
--
-- ARGV     namespace, account, how long receipts stay after a message's end (seconds), the soonest time for the next
--          purge (epoch seconds)
-- Keys     <ns>:purgeable:<account>, <ns>:due:purge (account → when)
-- Returns  1 | 0: whether something is left

local ns, account = ARGV[1], ARGV[2]
local first = call("ZRANGE", ns .. ":purgeable:" .. account, 0, 0, "WITHSCORES")[2]

if not first then
    call("ZREM", ns .. ":due:purge", account)
    return 0
end
local at = math.max(tonumber(ARGV[4]), tonumber(first) + tonumber(ARGV[3]))
call("ZADD", ns .. ":due:purge", string.format("%.6f", at), account)
return 1
