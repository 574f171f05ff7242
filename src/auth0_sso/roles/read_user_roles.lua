-- The time of the server in milliseconds, and fields ARGV[1] and ARGV[2] of the hash KEYS[1].
local time = redis.call('time')
local fields = redis.call('hmget', KEYS[1], ARGV[1], ARGV[2])
return {time[1] * 1000 + math.floor(time[2] / 1000), fields[1], fields[2]}
