-- begin_reading(namespace, account, reader, lease): lets one reader at a time read a mailbox by IMAP.
--
-- Another one only leaves a mark: then the reader reads once more, because something may have come since it looked.
--
-- ARGV     namespace, account, an id of the reader, how long it may be silent (milliseconds)
-- Keys     <ns>:imap:<account>:reader, <ns>:imap:<account> (again)
-- Returns  the id of the server's history of writes, or nil if the reader may not read

local ns, account = ARGV[1], ARGV[2]
local state = ns .. ":imap:" .. account

if call("SET", state .. ":reader", ARGV[3], "NX", "PX", ARGV[4]) then
    call("HDEL", state, "again")
    return history()
end
call("HSET", state, "again", "1")
return false
