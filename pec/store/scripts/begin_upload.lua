-- begin_upload(namespace, token, part, bytes, limit): reserve an upload's bytes among those that the token may hold.
--
-- Returns  0, or the seconds after which there may be room. No limit: 0

local ns, token, part, bytes, limit = unpack(ARGV)
if tonumber(limit) > 0 then
    local wait = wait_for_bytes(ns, token, tonumber(bytes), tonumber(limit))
    if wait > 0 then
        return wait
    end
end
hold(ns, token, "part", part, bytes)
return 0
