-- Fragment, put before the scripts that need it: commands and time.

local call = redis.call

local function now_us()
    local time = call("TIME")
    return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function seconds(us)
    return string.format("%.6f", us / 1e6)
end

