-- Moving window: the time of each hit is remembered, and counts for the length of the window.
--
-- Looks under each limit of a policy and, if each has room for the cost, counts under all of them. Redis runs a script
-- in one step, by its own clock.
--
-- KEYS[i]           under limit i: a list of the times of hits, the newest first
-- ARGV[1]           the cost
-- ARGV[2i], [2i+1]  limit i: its amount, and its window in seconds
-- Returns           1 if the hit was counted, else 0; then for each limit what remained before the hit, and the
--                   seconds until more does (as text: a number would lose its fraction)

local cost = tonumber(ARGV[1])
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
local MAX_VALUES = 5000  -- for one command: Lua's unpack takes no more than some 8000

-- Returns how many of the newest hits are no older than `start`, and the time of the oldest of these, by bisection.
local function hits_since(start, key, amount)
    local count, oldest, high = 0, nil, amount
    while count < high do
        local middle = math.ceil((count + high) / 2)
        local hit = tonumber(redis.call('lindex', key, middle - 1))
        if hit and hit >= start then
            count, oldest = middle, hit
        else
            high = middle - 1
        end
    end
    return count, oldest
end

local reply = {1}
for i, key in ipairs(KEYS) do
    local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local hits, oldest = hits_since(now - window, key, amount)
    if amount - hits < cost then
        reply[1] = 0
    end
    reply[2 * i], reply[2 * i + 1] = amount - hits, tostring((oldest or now) + window - now)
end

if reply[1] == 1 then
    local hits = {}
    for j = 1, math.min(cost, MAX_VALUES) do
        hits[j] = now
    end
    for i, key in ipairs(KEYS) do
        for left = cost, 1, -MAX_VALUES do
            redis.call('lpush', key, unpack(hits, 1, math.min(left, MAX_VALUES)))
        end
        redis.call('ltrim', key, 0, ARGV[2 * i] - 1)
        redis.call('expire', key, ARGV[2 * i + 1])
    end
end
return reply
