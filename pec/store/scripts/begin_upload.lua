-- begin_upload(namespace, token, part, bytes, limit): reserve an upload's bytes among those that the token may hold.
--
-- Returns  0, or the seconds after which there may be room

local ns, token, part, bytes, limit = unpack(ARGV)
local wait = wait_for_bytes(ns, token, tonumber(bytes), tonumber(limit))
if wait > 0 then
    return wait
end
hold(ns, token, "part", part, bytes)
return 0
