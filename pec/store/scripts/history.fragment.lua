-- Fragment, put before the scripts that need it: which server's writes these are.

-- Returns the id of the server's history of writes: a promoted or restarted server has another. "" if it states none.
local function history()
    return string.match(call("INFO", "replication"), "master_replid:(%x+)") or ""
end

