-- outlines(namespace, id, …): a few fields of many records, for a search that looks through them.
--
-- Keys     <ns>:message:<id>
-- Returns  {account, state, recipient, subject, …}: four for each id, empty texts where there is no record

local found = {}
for at = 2, #ARGV do
    local fields = call("HMGET", ARGV[1] .. ":message:" .. ARGV[at], "account", "state", "recipient", "subject")
    for each = 1, 4 do
        found[#found + 1] = fields[each] or ""
    end
end
return found
