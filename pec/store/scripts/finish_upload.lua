-- finish_upload(namespace, token, part, reserved, sha256, bytes, keep): give an upload its name and its owner.
--
-- Keys     <ns>:uploading:<part>            becomes <ns>:upload:<sha256>
--          <ns>:uploaded:<token>:<sha256>   string, expiring: its size
--          <ns>:holding:<token>             its bytes in place of those that were reserved; 0: the token has no limit
-- Returns  1, or 0 if its bytes are gone. The same again, whose reply was lost, finds the upload named

local ns, token, part, reserved, sha256, bytes, keep = unpack(ARGV)
local upload, uploading = ns .. ":upload:" .. sha256, ns .. ":uploading:" .. part
if call("EXISTS", uploading) == 1 then
    call("RENAME", uploading, upload)
elseif call("EXISTS", upload) == 0 then
    return 0
end
call("EXPIRE", upload, keep)
call("SET", ns .. ":uploaded:" .. token .. ":" .. sha256, bytes, "EX", keep)
if tonumber(reserved) > 0 then
    let_go(ns .. ":holding:" .. token, "part:" .. part .. " " .. reserved)
    hold(ns, token, "content", sha256, bytes)
end
return 1
