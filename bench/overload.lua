-- The wrk script of bench/overload.py: the caller of each connection waits between a response and the next request.
local wait, tokens, sent, threads = 0, {}, 0, {}

function setup(thread)
    table.insert(threads, thread)
end

function init(arguments)
    for line in io.lines(arguments[1]) do
        table.insert(tokens, line)
    end
    wait = tonumber(arguments[2])
    statuses, counts = '', {}
end

function delay()
    return math.random(0, 2 * wait)
end

function request()
    sent = sent + 1
    return wrk.format('GET', '/api/data', {['Authorization'] = 'Bearer ' .. tokens[sent % #tokens + 1]})
end

function response(status)
    counts[status] = (counts[status] or 0) + 1
    if sent % 100 == 0 then
        statuses = ''
        for status, number in pairs(counts) do
            statuses = statuses .. status .. '=' .. number .. ' '
        end
    end
end

function done(summary)
    for _, thread in ipairs(threads) do
        for status, number in thread:get('statuses'):gmatch('(%d+)=(%d+)') do
            print('status ' .. status .. ' ' .. number)
        end
    end
    local errors = summary.errors
    print('dropped ' .. errors.connect + errors.read + errors.write + errors.timeout)
    print('seconds ' .. summary.duration / 1000000)
end
