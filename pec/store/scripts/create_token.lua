-- create_token(namespace, name, id, field, value, …): store a token, unless its name is taken.
--
-- Keys     <ns>:tokens       hash: name → id
--          <ns>:token:<id>   hash: the fields given
-- Returns  1, or 0 if another token has the name

local ns, name, id = ARGV[1], ARGV[2], ARGV[3]
local holder = call("HGET", ns .. ":tokens", name)
if holder then
    return holder == id and 1 or 0 -- the same call again, whose reply was lost
end
call("HSET", ns .. ":tokens", name, id)
call("HSET", ns .. ":token:" .. id, unpack(ARGV, 4))
return 1
