-- Set field ARGV[1] of the hash KEYS[1] to ARGV[2]; the hash expires in ARGV[3] seconds.
redis.call('hset', KEYS[1], ARGV[1], ARGV[2])
redis.call('expire', KEYS[1], ARGV[3])
