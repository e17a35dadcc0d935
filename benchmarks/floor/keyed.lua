-- One product, and an idempotency key that no other request has.
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. (os.getenv("STOCK_KEY") or ""),
}
local run = tostring(os.time()) .. "-" .. tostring(math.random(1e9)) .. "-"
local count = 0

function request()
  count = count + 1
  headers["Idempotency-Key"] = run .. count
  return wrk.format("POST", nil, headers, '{"product_id":1,"location":"MAIN","quantity":1}')
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
