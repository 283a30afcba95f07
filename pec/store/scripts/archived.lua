-- archived(namespace, sha256, size, most_refs): notes that the archive holds content, and frees its bytes, unless more
-- than so many messages need it: those that are not sent yet are sent faster from here.
--
-- Keys     <ns>:content:<sha256>   hash: data → archived; refs
-- Returns  1, or 0 if it stays

local ns, sha256, size, most_refs = unpack(ARGV)
local content = ns .. ":content:" .. sha256

if call("HEXISTS", content, "data") == 0 or tonumber(call("HGET", content, "refs") or "0") > tonumber(most_refs) then
    return 0
end
call("HSET", content, "archived", size)
call("HDEL", content, "data")
return 1
