-- write(namespace, command, argument, …): runs a command also at maxmemory, because what frees memory must go on.

return call(unpack(ARGV, 2))
