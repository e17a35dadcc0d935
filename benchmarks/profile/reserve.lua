-- Reserves over PRODUCTS products, uniformly. All requests are made before, so that wrk stays cheap.
local requests = {}
local next = 0

function init()
  local products = tonumber(os.getenv("PRODUCTS") or "1")
  local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. (os.getenv("STOCK_KEY") or ""),
  }
  math.randomseed(1)
  for i = 1, 10000 do
    local body = string.format('{"product_id":%d,"location":"MAIN","quantity":1}', math.random(products))
    requests[i] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  next = next % #requests + 1
  return requests[next]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
