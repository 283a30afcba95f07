-- find_by_code(namespace, account, code…): returns the messages that codes of a mailbox belong to, with their receipts.
--
-- Keys     <ns>:code:<account>:<code>, <ns>:message:<id>, <ns>:receipts:<id>
-- Returns  [[id, record, receipts] | [], …] in the order of the codes; hashes are flat, [] is a code of no message

local ns, account = ARGV[1], ARGV[2]

local found = {}
for i = 3, #ARGV do
    local id = call("GET", ns .. ":code:" .. account .. ":" .. ARGV[i])
    if id then
        local record = call("HGETALL", ns .. ":message:" .. id)
        table.insert(found, {id, record, call("HGETALL", ns .. ":receipts:" .. id)})
    else
        table.insert(found, {})
    end
end
return found
