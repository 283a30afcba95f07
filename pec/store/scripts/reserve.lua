-- reserve(limiter, interval_us, max_ahead_us, ahead_us[, daily, monthly, day, …, month, …]): the next slot of a limiter, on
-- Redis's clock (GCRA without bursts).
--
-- ARGV     limiter        key of a hash: tat, not_before, run; of sends also day, day_count, month, month_count, and
--                         minute0 to minute3: "minute count" of the slots given in one minute (since the epoch, modulo 4:
--                         a slot can be two minutes ahead, and the last whole minute is still reported)
--          max_ahead_us   how far ahead any caller of this limiter takes a slot; ahead_us: how far this one does
--          daily, monthly   caps, or 0; then three days and three months, each as label, start_s, end_s: the caller's
--                         clock only has to be right to a day. Reads are not counted, and have none of these
-- Returns  {"slot", slot_us, now_us} | {"early", wait_us} | {"capped", wait_us}

local limiter, interval, max_ahead = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead, sends = tonumber(ARGV[4]), #ARGV > 4
local DAYS, MONTHS = 7, 16 -- where they begin in ARGV
local now = now_us()
local tat, not_before, run = unpack(call("HMGET", limiter, "tat", "not_before", "run"))
tat, not_before = tonumber(tat or "0"), tonumber(not_before or "0")

-- Another server, or the same one started again: what it knows of the last send may be old.
local run_now = string.match(call("INFO", "server"), "run_id:(%x+)")
if run ~= run_now then
    -- Up to there are slots that it may not know of. Of reads, whose slots lie further ahead, an interval is enough.
    local given = run and sends and max_ahead or 0
    not_before = math.max(not_before, now + given + interval)
    call("HSET", limiter, "run", run_now, "not_before", not_before)
end
if tat > now + max_ahead + 2 * interval then -- the server's clock was set back
    tat = now + interval
end

local slot = math.max(now, tat, not_before)
if slot > now + ahead then
    return {"early", slot - now}
end
if not sends then
    if slot <= now then -- over, once another server gives slots: neither the disk nor replicas get it, for that costs a flush
        redis.set_repl(redis.REPL_NONE)
    end
    local noted = redis.pcall("HSET", limiter, "tat", slot + interval)
    redis.set_repl(redis.REPL_ALL)
    return type(noted) == "table" and noted or {"slot", slot, now}
end

-- The label of one of three periods, and when it ends.
local function period(first)
    for at = first, first + 6, 3 do
        local starts, ends = tonumber(ARGV[at + 1]) * 1e6, tonumber(ARGV[at + 2]) * 1e6
        if slot >= starts and slot < ends then
            return ARGV[at], ends
        end
    end
end

-- How many were sent in this period, and whether the cap lets one more go.
local function counted(name, first, cap)
    local label, ends = period(first)
    local known, count = unpack(call("HMGET", limiter, name, name .. "_count"))
    count = known == label and tonumber(count) or 0
    return label, count, (cap > 0 and count >= cap) and ends or nil
end

local day, day_count, day_full = counted("day", DAYS, tonumber(ARGV[5]))
local month, month_count, month_full = counted("month", MONTHS, tonumber(ARGV[6]))
local full = month_full or day_full
if full then
    call("HSET", limiter, "not_before", math.min(full, now + 60 * 1e6)) -- a raised cap is noticed in a minute
    return {"capped", full - now}
end
local minute = math.floor(slot / 60e6)
local field = "minute" .. minute % 4
local known, given = string.match(call("HGET", limiter, field) or "", "(%d+) (%d+)")
given = tonumber(known) == minute and tonumber(given) or 0
call("HSET", limiter, "tat", slot + interval, field, string.format("%d %d", minute, given + 1))
if day then
    call("HSET", limiter, "day", day, "day_count", day_count + 1, "month", month, "month_count", month_count + 1)
end
return {"slot", slot, now}
