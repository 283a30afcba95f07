-- accept(namespace, request, bytes…, job…): enqueue jobs once. The same request again gets the first answer.
--
-- All of it is one step, so a gateway that dies has enqueued everything or nothing. It is refused at maxmemory.
--
-- Keys     <ns>:once:<record>        hash, expiring: fingerprint, answer, code, entries
--          <ns>:given_code:<code>    hash, expiring: the fields of `owner`, and entries
--          <ns>:upload:<sha256>      string, expiring
--          <ns>:jobs                 stream
--          <ns>:holding:<token>      what the token holds until workers take it
-- ARGV     request JSON, made by `pec.store.once`
--                  record ("": nothing is remembered), fingerprint, keep (s), answer
--                  codes: candidates, the first that is free is given; none: no code is needed
--                  owner [field, value, …], code_keep (s)
--                  uploads [sha256, …], as many as bytes follow; upload_keep (s)
--                  names [sha256, …]: what the jobs name and the request does not carry
--                  holder: the token whose bytes are counted; "": none. limit: of its bytes
-- Returns  {outcome, answer, code, entries}. outcome: new, again, other (the record is of another request), no_code,
--          full (the token may not hold so much more; answer: the seconds to wait)

local ns, request = ARGV[1], cjson.decode(ARGV[2])
local record = request.record ~= "" and ns .. ":once:" .. request.record

if record then
    local known, answer, code, entries = unpack(call("HMGET", record, "fingerprint", "answer", "code", "entries"))
    if known and known ~= request.fingerprint then
        return {"other", "", "", ""}
    end
    if known then
        -- Counted from the latest repeat, whose answer may be lost too. A wait for this write's replicas covers the first one.
        call("EXPIRE", record, request.keep)
        return {"again", answer, code, entries}
    end
end

local first_job, job_bytes, bytes = 3 + #request.uploads, 0, 0
for i = 3, #ARGV do
    bytes = bytes + #ARGV[i]
    job_bytes = job_bytes + (i >= first_job and #ARGV[i] or 0)
end
if request.holder ~= "" then
    local wait = wait_for_bytes(ns, request.holder, bytes, request.limit)
    if wait > 0 then
        return {"full", tostring(wait), "", ""}
    end
end

local code = ""
for _, candidate in ipairs(request.codes) do
    if call("EXISTS", ns .. ":given_code:" .. candidate) == 0 then
        code = candidate
        break
    end
end
if code == "" and #request.codes > 0 then
    return {"no_code", "", "", ""}
end

for i, sha256 in ipairs(request.uploads) do
    call("SET", ns .. ":upload:" .. sha256, ARGV[2 + i], "EX", request.upload_keep)
    if request.holder ~= "" then
        hold(ns, request.holder, "content", sha256, #ARGV[2 + i])
    end
end
local entries = {}
for i = first_job, #ARGV do
    table.insert(entries, call("XADD", ns .. ":jobs", "*", "job", ARGV[i]))
end
if request.holder ~= "" then
    hold(ns, request.holder, "job", entries[#entries], job_bytes)
    for i, sha256 in ipairs(request.uploads) do
        hold_for(ns, request.holder, sha256, #ARGV[2 + i], entries[#entries])
    end
    for _, sha256 in ipairs(request.names) do
        local bytes = call("GET", ns .. ":uploaded:" .. request.holder .. ":" .. sha256)
        hold_for(ns, request.holder, sha256, bytes, entries[#entries])
    end
end
local listed = table.concat(entries, " ")
if code ~= "" then
    local key = ns .. ":given_code:" .. code
    call("HSET", key, "entries", listed, unpack(request.owner))
    call("EXPIRE", key, request.code_keep)
end
if record then
    call("HSET", record, "fingerprint", request.fingerprint, "answer", request.answer, "code", code, "entries", listed)
    call("EXPIRE", record, request.keep)
end
return {"new", request.answer, code, listed}
