-- finish_send(namespace, token, id, outcome, hold_seconds): note that a message is off the wire, and the outcome.
--
-- ARGV     outcome       "answered": the API is well; "unreachable": nothing left; "silent": it may have been sent;
--                        "unused": nothing was tried
--          hold_seconds  how long the token sends nothing (429), or 0
-- Returns  failures in a row. A failure counts once, while the message has its place on the wire

local ns, token, id, outcome, hold_seconds = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local circuit = ns .. ":circuit"
local now = now_us()
local THRESHOLD = 3 -- failures in a row that open the circuit: it is open while it has `next_at`
local REFUSALS, REFUSED_SHARE = 5, 0.2 -- a busy machine alone was refused 12 % at 20 sends a second, and 5 % at one

-- Counts refusals as `reserve` counts slots, which are those that were not refused. Many of both in the last one to two
-- minutes mean that another program uses the token: our own pace keeps the distance.
local function note_refusal(limiter)
    local minute = math.floor(now / 60e6)
    local function count(name, at)
        local known, found = string.match(call("HGET", limiter, name .. at % 4) or "", "(%d+) (%d+)")
        return tonumber(known) == at and tonumber(found) or 0
    end
    local lately = count("refused", minute) + 1
    call("HSET", limiter, "refused" .. minute % 4, string.format("%d %d", minute, lately))
    lately = lately + count("refused", minute - 1)
    local tries = lately + count("minute", minute) + count("minute", minute - 1)
    if lately >= REFUSALS and lately >= REFUSED_SHARE * tries then
        call("HSET", limiter, "refused_often_at", seconds(now))
    end
end

local first = call("ZREM", ns .. ":in_flight:" .. token, id) == 1
local failures = tonumber(call("HGET", circuit, "failures") or "0")
-- A send that was on the wire when the circuit opened adds no evidence: only a probe's failure lengthens the wait.
local open = failures >= THRESHOLD and now < tonumber(call("HGET", circuit, "next_at") or "0")
if outcome == "answered" and failures > 0 then
    call("DEL", circuit)
    failures = 0
elseif (outcome == "silent" or outcome == "unreachable") and first and not open then
    failures = call("HINCRBY", circuit, "failures", 1)
    call("HDEL", circuit, "probe_until")
    if failures >= THRESHOLD then
        local again = failures - THRESHOLD
        local wait = math.min(60e6, 5e6 * 2 ^ again)
        if outcome == "silent" and again > 0 then -- a probe risked its message: in ten minutes three do, at most
            wait = math.min(300e6, 120e6 * 2 ^ (again - 1))
        end
        call("HSET", circuit, "next_at", string.format("%.0f", now + wait))
    end
elseif first and failures >= THRESHOLD then
    call("HDEL", circuit, "probe_until")
end
if hold_seconds > 0 then
    local limiter = ns .. ":limiter:" .. token
    local known = tonumber(call("HGET", limiter, "not_before") or "0")
    call("HSET", limiter, "not_before", string.format("%.0f", math.max(known, now + hold_seconds * 1e6)))
    note_refusal(limiter)
end
if call("EXISTS", ns .. ":rotation:" .. token) == 1 then
    call("ZADD", ns .. ":due:send", seconds(now), token)
end
return failures
