-- reject(namespace, group, entry, fields, event, …): removes a job from the stream, keeps its rejection and publishes it.
--
-- All of it happens once: a second call for the same entry finds nothing to remove. A flood of rejected jobs cannot fill
-- Redis: <ns>:rejected keeps the latest, and events are limited to a burst and then to one an interval.
--
-- Keys     <ns>:jobs         stream: the entry goes
--          <ns>:rejected     stream: the rejection
--          <ns>:events       stream: the event
--          <ns>:rejected_at  sorted set: the entry, by when it is rejected; as many as <ns>:rejected keeps
--          <ns>:rejections   string: its remaining life is the part of the burst that is used up
-- ARGV     fields      JSON [field, value, …] of the rejection
--          event       JSON {id, type, body, limited}: `limited` is the body of the last event that the limit allows
--          max_kept, burst, interval_ms
-- Returns  1, or 0 if the entry was gone

local ns, group, entry = unpack(ARGV, 1, 3)
local fields, event = cjson.decode(ARGV[4]), cjson.decode(ARGV[5])
local max_kept, burst, interval = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])

call("XACK", ns .. ":jobs", group, entry)
if call("XDEL", ns .. ":jobs", entry) == 0 then
    return 0
end
local position = call("XADD", ns .. ":rejected", "MAXLEN", "~", max_kept, "*", unpack(fields))
local oldest = call("XRANGE", ns .. ":rejected", "-", "+", "COUNT", 1)[1][1]
call("ZADD", ns .. ":rejected_at", string.match(position, "^%d+"), entry)
call("ZREMRANGEBYSCORE", ns .. ":rejected_at", "-inf", "(" .. string.match(oldest, "^%d+"))

local room = burst * interval - math.max(call("PTTL", ns .. ":rejections"), 0)
if room >= interval then
    local used = (burst + 1) * interval - room
    call("SET", ns .. ":rejections", "", "PX", used)
    local body = room < 2 * interval and event.limited or event.body
    call("XADD", ns .. ":events", "*", "id", event.id, "type", event.type, "event", body)
end
return 1
