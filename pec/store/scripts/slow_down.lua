-- slow_down(namespace, free, max_s, place…): count refused credentials, and close these places for a while that doubles.
--
-- Keys     <ns>:failures:<place>   string, expiring after an hour: how many
--          <ns>:slowed:<place>     string, expiring
-- ARGV     free                    failures without effect; max_s: longest time, in seconds

local ns, free, max_s = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 4, #ARGV do
    local failures = ns .. ":failures:" .. ARGV[i]
    local count = call("INCR", failures)
    call("EXPIRE", failures, 3600)
    if count > free then
        call("SET", ns .. ":slowed:" .. ARGV[i], "", "EX", math.min(max_s, 2 ^ (count - free - 1)))
    end
end
return 1
