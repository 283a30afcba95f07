-- receive(namespace, mine, shared, digest, seen_s, event_id, event, listed, max_listed): publish a mail that came in, once.
--
-- ARGV     mine     key that is this mail's own, which only IMAP knows; "": a page of the API shows it
--          shared   key of what both readers see of it: other mails can have the same
-- Keys     mine     string, expiring; shared: the digest of the mail that it stands for; if only a page showed it,
--          "page:" and its entry in the list, in whose place the mail that IMAP shows is listed: that one is archived
-- Returns  1, or 0 where it was published before

local ns, mine, shared, digest, seen = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local known = call("GET", shared)
local from_page = known and string.match(known, "^page:?(.*)")

local function list()
    return call("XADD", ns .. ":inbox", "MAXLEN", "~", ARGV[9], "*", "mail", ARGV[8])
end

if mine == "" then
    if known then
        return 0
    end
    call("SET", shared, "page:" .. list(), "EX", seen)
else
    if call("EXISTS", mine) == 1 then
        return 0
    end
    call("SET", mine, "", "EX", seen)
    if not known or from_page then
        call("SET", shared, digest, "EX", seen)
    end
    if from_page and (from_page == "" or call("XDEL", ns .. ":inbox", from_page) == 0) then
        return 0
    end
    list()
    if from_page then
        return 0
    end
end
call("XADD", ns .. ":events", "*", "id", ARGV[6], "type", "mail.received", "event", ARGV[7])
return 1
