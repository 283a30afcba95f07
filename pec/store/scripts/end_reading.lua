-- end_reading(namespace, account, reader, now, next): ends a reading of a mailbox, and schedules the next one.
--
-- ARGV     namespace, account, the reader's id, now, when to read again unless something came meanwhile (epoch seconds)
-- Keys     <ns>:imap:<account>:reader, <ns>:imap:<account> (again), <ns>:due:archive (account → when)
-- Returns  1 | 0: whether the reading was still this reader's

local ns, account = ARGV[1], ARGV[2]
local state = ns .. ":imap:" .. account

if call("GET", state .. ":reader") ~= ARGV[3] then
    return 0
end
call("DEL", state .. ":reader")
local again = call("HGET", state, "again")
call("ZADD", ns .. ":due:archive", again and ARGV[4] or ARGV[5], account)
return 1
