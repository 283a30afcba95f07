-- trim_rejected_of(namespace): what each account holds in <ns>:rejected is what is left of it there.
--
-- `reject` does so for the account of its job, and one may have no more jobs.
--
-- Keys     <ns>:rejected                stream
--          <ns>:rejected_of             sorted set: account → how many of <ns>:rejected are its own
--          <ns>:rejected_of:<account>   sorted set: "<position> <entry>", by when it is rejected
-- Returns  how many it removed

local ns, removed = ARGV[1], 0
local shares = ns .. ":rejected_of"
local first = call("XRANGE", ns .. ":rejected", "-", "+", "COUNT", 1)[1]
local older = first and "(" .. string.match(first[1], "^%d+") or "+inf"
for _, account in ipairs(call("ZRANGE", shares, 0, -1)) do
    local own = shares .. ":" .. account
    removed = removed + call("ZREMRANGEBYSCORE", own, "-inf", older)
    local left = call("ZCARD", own)
    if left > 0 then
        call("ZADD", shares, left, account)
    else
        call("ZREM", shares, account)
    end
end
return removed
