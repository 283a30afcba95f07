-- slow_down(namespace, max_s, place, free, …): count refused credentials, and close these places for a while that doubles.
--
-- Keys     <ns>:failures:<place>   string, expiring after an hour: how many
--          <ns>:slowed:<place>     string, expiring
-- ARGV     max_s                   longest time, in seconds; free: failures of the place without effect

local ns, max_s = ARGV[1], tonumber(ARGV[2])
for i = 3, #ARGV, 2 do
    local place, free = ARGV[i], tonumber(ARGV[i + 1])
    local failures = ns .. ":failures:" .. place
    local count = call("INCR", failures)
    call("EXPIRE", failures, 3600)
    if count > free then
        call("SET", ns .. ":slowed:" .. place, "", "EX", math.min(max_s, 2 ^ math.min(count - free - 1, 30)))
    end
end
return 1
