-- Fragment, put before the scripts that need it: how messages stand in line.
--
-- Keys     <ns>:lane:<account>      sorted set: id → priority and age
--          <ns>:rotation:<token>       sorted set: account → turn; only accounts that have work, are not paused and have room
--          <ns>:due:send            sorted set: token → when its next hint is due
--          <ns>:account:<account>   hash: token, paused, no_room, …

-- Gives an account its turn, if it has work, is not paused and has room. Newcomers go before those just served.
local function take_turns(ns, account)
    local token, paused, no_room = unpack(call("HMGET", ns .. ":account:" .. account, "token", "paused", "no_room"))
    if paused or no_room or not token or call("EXISTS", ns .. ":lane:" .. account) == 0 then
        return
    end
    local turn = tonumber(call("HGET", ns .. ":limiter:" .. token, "turn") or "0")
    call("ZADD", ns .. ":rotation:" .. token, "NX", turn - 0.5, account)
    local due = ns .. ":due:send"
    if not call("ZSCORE", due, token) then
        call("ZADD", due, seconds(now_us()), token)
    else
        call("ZADD", due, "LT", seconds(now_us()), token)
    end
end

local function enter_lane(ns, account, id, score)
    call("ZADD", ns .. ":lane:" .. account, score, id)
    take_turns(ns, account)
end
