-- exported(namespace, at, {id, version, forget_at}…): notes that finished messages are in an export: they may be deleted.
--
-- ARGV     at          RFC 3339
--          version     of the record as it was exported: one that changed since then must be exported again
--          forget_at   epoch seconds
-- Returns  how many were marked

local ns, at = ARGV[1], ARGV[2]
local marked = 0

for i = 3, #ARGV, 3 do
    local id, version, forget_at = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local record = ns .. ":message:" .. id
    if call("HGET", record, "version") == version then
        call("HSET", record, "exported_at", at)
        call("ZADD", ns .. ":due:sweep", forget_at, id)
        marked = marked + 1
    end
end
return marked
