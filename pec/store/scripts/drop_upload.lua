-- drop_upload(namespace, token, part, reserved): forget an upload that failed.

local ns, token, part, reserved = unpack(ARGV)
call("DEL", ns .. ":uploading:" .. part)
let_go(ns .. ":holding:" .. token, "part:" .. part .. " " .. reserved)
return 1
