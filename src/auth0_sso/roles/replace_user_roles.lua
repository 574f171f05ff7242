-- Replace the hash KEYS[1] by one with the single field ARGV[1] = ARGV[2]; it expires in ARGV[3] seconds.
redis.call('del', KEYS[1])
redis.call('hset', KEYS[1], ARGV[1], ARGV[2])
redis.call('expire', KEYS[1], ARGV[3])
