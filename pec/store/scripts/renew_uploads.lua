-- renew_uploads(namespace, token, keep, sha256…): keep uploads of a token so much longer, and count them from now on.
--
-- Keys     <ns>:uploaded:<token>:<sha256>   string, expiring: its size
--          <ns>:upload:<sha256>             string, expiring: its bytes, until a worker takes them into
--          <ns>:content:<sha256>            hash
--          <ns>:holding:<token>             its bytes, if they count
-- Returns  [size, …]: "" of an upload that is not the token's, or whose bytes are gone

local ns, token, keep = unpack(ARGV, 1, 3)
local found = {}
for i = 4, #ARGV do
    local own, upload = ns .. ":uploaded:" .. token .. ":" .. ARGV[i], ns .. ":upload:" .. ARGV[i]
    local size = call("GET", own)
    if size and call("EXISTS", upload, ns .. ":content:" .. ARGV[i]) > 0 then
        call("EXPIRE", own, keep)
        call("EXPIRE", upload, keep)
        hold_again(ns, token, "content", ARGV[i], size)
        table.insert(found, size)
    else
        table.insert(found, "")
    end
end
return found
