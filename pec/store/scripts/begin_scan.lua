-- begin_scan(namespace, account, since): where a scan of a mailbox by its pages begins.
--
-- ARGV     namespace, account, when the scan window began (epoch seconds)
-- Keys     <ns>:scan:<account> (watermark, taken, newest, unread, floor, order), <ns>:awaiting:<account> (message → when it
--          was sent)
-- Returns  {history, oldest, watermark, taken, newest, unread, floor, order}: the id of the server's history of writes; when
--          the oldest message within the window was sent (epoch seconds); the fields of the hash. "" for what is not there

local ns, account = ARGV[1], ARGV[2]
local oldest = call("ZRANGE", ns .. ":awaiting:" .. account, ARGV[3], "+inf", "BYSCORE", "LIMIT", 0, 1, "WITHSCORES")
local found = {history(), oldest[2] or ""}
for _, value in ipairs(call("HMGET", ns .. ":scan:" .. account, "watermark", "taken", "newest", "unread", "floor", "order")) do
    table.insert(found, value or "")
end
return found
