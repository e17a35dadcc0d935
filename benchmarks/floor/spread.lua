-- 2,000 products, uniformly: all requests are made before, so that the generator stays cheap.
local requests = {}
local next = 0

function init()
  local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. (os.getenv("STOCK_KEY") or ""),
  }
  math.randomseed(1)
  for i = 1, 20000 do
    local body = string.format('{"product_id":%d,"location":"MAIN","quantity":1}', math.random(2000))
    requests[i] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  next = next % #requests + 1
  return requests[next]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
