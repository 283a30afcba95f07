-- forget(namespace, id, version): deletes a finished message, its receipts, and the content that no other message needs.
--
-- Its digest in <ns>:taken stays, so that its id is not used again. A batch goes with its last message.
--
-- Keys     every key of <ns> that names the message
-- ARGV     version   of the record as it was read: a record that changed since then stays
-- Returns  1, or 0 if the record changed or is gone

local ns, id, version = unpack(ARGV)
local record = ns .. ":message:" .. id
local known, state, account, code, batch, body, attachments =
    unpack(call("HMGET", record, "version", "state", "account", "code", "batch", "body", "attachments"))

if known ~= version then
    return 0
end

local needed = {}
if body then
    needed[body] = true
end
for _, file in ipairs(attachments and cjson.decode(attachments) or {}) do
    needed[file[2]] = true
end
for sha256 in pairs(needed) do
    local content = ns .. ":content:" .. sha256
    if call("EXISTS", content) == 1 and call("HINCRBY", content, "refs", -1) <= 0 then
        call("DEL", content)
    end
end

if code and call("GET", ns .. ":code:" .. account .. ":" .. code) == id then
    call("DEL", ns .. ":code:" .. account .. ":" .. code)
end
if batch then
    call("ZREM", ns .. ":members:" .. batch, id)
    if call("EXISTS", ns .. ":members:" .. batch) == 0 then
        call("DEL", ns .. ":batch:" .. batch, ns .. ":parked:" .. batch)
        call("ZREM", ns .. ":paused", batch)
    end
end
for _, queue in ipairs({"check", "lookup", "release", "sweep"}) do
    call("ZREM", ns .. ":due:" .. queue, id)
end
call("ZREM", ns .. ":state:" .. state, id)
if call("ZREM", ns .. ":state:" .. state .. ":" .. account, id) == 1
    and tonumber(call("ZINCRBY", ns .. ":accounts", -1, account)) <= 0 then
    call("ZREM", ns .. ":accounts", account)
end
call("ZREM", ns .. ":purgeable:" .. account, id)
call("DEL", record, ns .. ":receipts:" .. id, ns .. ":places:" .. id)
return 1
