-- together(calls, argument, …): run several scripts in one command, in this order. Each stands for itself: if one fails,
-- the others go on.
--
-- ARGV[1]  JSON [[name, number of its arguments], …]   names of the scripts that `store.py` puts before this one
-- Returns  the reply of each, or its error

local replies, at = {}, 2
for i, one in ipairs(cjson.decode(ARGV[1])) do
    local name, count = unpack(one)
    local is_done, reply = pcall(scripts[name], {unpack(ARGV, at, at + count - 1)})
    if is_done then
        replies[i] = reply or false -- nil would end the list
    else
        replies[i] = type(reply) == "table" and reply or {err = "ERR " .. tostring(reply)}
    end
    at = at + count
end
return replies
