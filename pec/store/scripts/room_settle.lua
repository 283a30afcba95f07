-- room_settle(namespace, account, id, left, each): set how many recipients of a message are awaited, as a commit does.
--
-- ARGV     each   bytes for each, if the message has no room reserved yet

local ns, account, id = ARGV[1], ARGV[2], ARGV[3]

settle_room(ns, account, id, tonumber(ARGV[4]), tonumber(ARGV[5]), true)
