-- Look under each limit of a policy, and count under all of them if each has room: one step, by the server's clock.
-- Before this stand two functions over the scripts of the library `limits`: look and hit.
--
-- KEYS: those of each limit, one after the other. ARGV: the cost, then the amount and the window of each limit.
-- Returns whether it was counted (1 or 0), then for each limit what was left before and the seconds until there is more.

local cost = tonumber(ARGV[1])
local number = (#ARGV - 1) / 2
local width = #KEYS / number
local time = redis.call('time')
local now = time[1] + time[2] / 1000000

local limits, room, answer = {}, 1, {0}
for i = 1, number do
    local limit = {keys = {}, amount = tonumber(ARGV[2 * i]), window = tonumber(ARGV[2 * i + 1])}
    for j = 1, width do
        limit.keys[j] = KEYS[(i - 1) * width + j]
    end
    limits[i] = limit
    local used, reset = look(limit, now)
    local left = math.max(0, limit.amount - used)
    if left < cost then
        room = 0
    end
    answer[2 * i] = left
    answer[2 * i + 1] = tostring(reset)
end

if room == 1 then
    for i = 1, number do
        hit(limits[i], now, cost)
    end
end
answer[1] = room
return answer
