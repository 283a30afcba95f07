-- read(namespace, id): a message and its receipts, as they are at one moment.
--
-- Keys     <ns>:message:<id>, <ns>:receipts:<id>
-- Returns  [record, receipts]: flat hashes, empty if there are none

return {
    call("HGETALL", ARGV[1] .. ":message:" .. ARGV[2]),
    call("HGETALL", ARGV[1] .. ":receipts:" .. ARGV[2]),
}
