-- Sliding window counter: the hits of this window count, and of the previous window's the share that is still near.
--
-- Looks under each limit of a policy and, if each has room for the cost, counts under all of them. Redis runs a script
-- in one step, by its own clock.
--
-- KEYS[2i-1]        under limit i: the number of hits in the previous window, expiring one window after that ended
-- KEYS[2i]          the same of the current window, expiring one window after that ends
-- ARGV[1]           the cost
-- ARGV[2i], [2i+1]  limit i: its amount, and its window in seconds
-- Returns           1 if the hit was counted, else 0; then for each limit what remained before the hit, and the
--                   seconds until more does (as text: a number would lose its fraction)

local cost = tonumber(ARGV[1])
local JUST_AFTER = 1  -- millisecond: the count falls just after the moment at which the share is a whole number

-- Returns the number of hits in a window, and the milliseconds until that expires.
local function read(key)
    return tonumber(redis.call('get', key) or 0), math.max(0, redis.call('pttl', key))
end

local reply = {1}
for i = 1, #KEYS / 2 do
    local previous_key, current_key = KEYS[2 * i - 1], KEYS[2 * i]
    local amount, window = tonumber(ARGV[2 * i]), ARGV[2 * i + 1] * 1000

    local current, current_left = read(current_key)
    if 0 < current_left and current_left < window then  -- it ended, and is now the previous one
        redis.call('rename', current_key, previous_key)
        redis.call('set', current_key, 0, 'PX', current_left + window)
        current, current_left = 0, current_left + window
    end
    local previous, previous_left = read(previous_key)

    local reset = window
    if previous > 0 then
        reset = previous_left % (window / previous)
    end
    if current > 0 then
        reset = math.min(reset, current_left - window)
    end
    if previous + current > 0 then
        reset = reset + JUST_AFTER
    end
    local remaining = math.max(0, amount - math.floor(previous * previous_left / window) - current)
    if remaining < cost then
        reply[1] = 0
    end
    reply[2 * i], reply[2 * i + 1] = remaining, tostring(reset / 1000)
end

if reply[1] == 1 then
    for i = 1, #KEYS / 2 do
        local current_key, window = KEYS[2 * i], ARGV[2 * i + 1] * 1000
        if redis.call('exists', current_key) == 1 then
            redis.call('incrby', current_key, cost)
        else
            redis.call('set', current_key, cost, 'PX', 2 * window)
        end
    end
end
return reply
