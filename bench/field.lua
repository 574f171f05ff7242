-- The wrk script of bench/sockets.py: `GET` with the tokens of a file in random order, and the figures at the end.
local requests = {}

function init(arguments)
    for token in io.lines(arguments[1]) do
        local headers = {['Authorization'] = 'Bearer ' .. token, ['User-Agent'] = 'wrk', ['Accept'] = '*/*'}
        table.insert(requests, wrk.format('GET', nil, headers))
    end
end

function request()
    return requests[math.random(#requests)]
end

function done(summary, latency)
    local errors = summary.errors
    print('failed ' .. errors.connect + errors.read + errors.write + errors.timeout + errors.status)
    print('requests ' .. summary.requests)
    print('seconds ' .. summary.duration / 1000000)
    print('p50 ' .. latency:percentile(50) / 1000)
    print('p99 ' .. latency:percentile(99) / 1000)
end
