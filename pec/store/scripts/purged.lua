-- purged(namespace, account, id...): notes that the receipts of these messages have left their mailbox.
--
-- A message stays if a receipt of it was found in the mailbox meanwhile.
--
-- ARGV     namespace, account, message ids
-- Keys     <ns>:purgeable:<account>, <ns>:places:<id>
-- Returns  nothing

local ns, account = ARGV[1], ARGV[2]

for at = 3, #ARGV do
    if call("EXISTS", ns .. ":places:" .. ARGV[at]) == 0 then
        call("ZREM", ns .. ":purgeable:" .. account, ARGV[at])
    end
end
