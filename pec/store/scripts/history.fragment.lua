-- Fragment, put before the scripts that need it: which server's writes these are.

-- Returns the id of the server's history of writes: a promoted or restarted server has another. "" if it states none,
-- or lets this user ask for none.
local function history()
    local allowed, said = pcall(call, "INFO", "replication")
    return allowed and string.match(said, "master_replid:(%x+)") or ""
end

