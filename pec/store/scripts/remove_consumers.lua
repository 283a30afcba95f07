-- remove_consumers(namespace, group, idle_ms): removes consumers of jobs that hold nothing and have been idle for so long.
--
-- In one step, because a consumer that has just read entries would lose them: they would belong to none.
--
-- Keys     <ns>:jobs   the stream
-- Returns  how many were removed

local jobs, group, idle = ARGV[1] .. ":jobs", ARGV[2], tonumber(ARGV[3])
local removed = 0
for _, flat in ipairs(call("XINFO", "CONSUMERS", jobs, group)) do
    local about = {}
    for place = 1, #flat, 2 do
        about[flat[place]] = flat[place + 1]
    end
    if about.pending == 0 and about.idle > idle then
        call("XGROUP", "DELCONSUMER", jobs, group, about.name)
        removed = removed + 1
    end
end
return removed
