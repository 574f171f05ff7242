-- Fixed window: it opens with the first hit, and counts hits until it ends.
--
-- Looks under each limit of a policy and, if each has room for the cost, counts under all of them. Redis runs a script
-- in one step, by its own clock.
--
-- KEYS[i]           under limit i: the number of hits, expiring when the window ends
-- ARGV[1]           the cost
-- ARGV[2i], [2i+1]  limit i: its amount, and its window in seconds
-- Returns           1 if the hit was counted, else 0; then for each limit what remained before the hit, and the
--                   seconds until more does (as text: a number would lose its fraction)

local cost = tonumber(ARGV[1])
local reply = {1}

for i, key in ipairs(KEYS) do
    local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local hits, left = 0, redis.call('pttl', key) / 1000
    if left > 0 then
        hits = tonumber(redis.call('get', key))
    else
        left = window
    end
    local remaining = math.max(0, amount - hits)
    if remaining < cost then
        reply[1] = 0
    end
    reply[2 * i], reply[2 * i + 1] = remaining, tostring(left)
end

if reply[1] == 1 then
    for i, key in ipairs(KEYS) do
        if redis.call('pttl', key) > 0 then
            redis.call('incrby', key, cost)
        else
            redis.call('set', key, cost, 'EX', ARGV[2 * i + 1])
        end
    end
end
return reply
