-- The wrk script of bench/load.py: random tokens, routes round-robin, responses counted by status.
local tokens, paths = {}, {'/api/data', '/dashboard', '/'}
local sent, threads = 0, {}

function setup(thread)
    table.insert(threads, thread)
end

function init(arguments)
    for line in io.lines(arguments[1]) do
        table.insert(tokens, line)
    end
    math.randomseed(tonumber(tostring({}):match('0x(%x+)'), 16))
    statuses = ''
    counts = {}
end

function request()
    sent = sent + 1
    local headers = {['Authorization'] = 'Bearer ' .. tokens[math.random(#tokens)]}
    return wrk.format('GET', paths[sent % #paths + 1], headers)
end

function response(status)
    counts[status] = (counts[status] or 0) + 1
    if sent < 1000 or sent % 200 == 0 then
        publish()
    end
end

function publish()
    statuses = ''
    for status, number in pairs(counts) do
        statuses = statuses .. status .. '=' .. number .. ' '
    end
end

function done(summary, latency)
    local total = {}
    for _, thread in ipairs(threads) do
        for status, number in thread:get('statuses'):gmatch('(%d+)=(%d+)') do
            total[status] = (total[status] or 0) + tonumber(number)
        end
    end
    for status, number in pairs(total) do
        print('status ' .. status .. ' ' .. number)
    end
    local errors = summary.errors
    print('dropped ' .. errors.connect + errors.read + errors.write + errors.timeout)
    print('requests ' .. summary.requests)
    print('seconds ' .. summary.duration / 1000000)
    print('p50 ' .. latency:percentile(50) / 1000)
    print('p99 ' .. latency:percentile(99) / 1000)
end
