-- wrk: reserves. The environment says what is asked:
--   BENCH_BODY      the request's body; {id} in it is the product, {id12} the same in twelve digits
--   BENCH_PRODUCTS  1: the same bytes again and again; more: products 1..N, uniformly
--   BENCH_REQUESTS  how many requests are made before the run, where there are more products than one
--   BENCH_KEYED     an Idempotency-Key that no other request has
--   BENCH_LINES     operations of a batch: {lines} in the body is that many BENCH_LINE
--   STOCK_KEY       the bearer token, if any
local body = os.getenv("BENCH_BODY") or error("BENCH_BODY is missing")
local products = tonumber(os.getenv("BENCH_PRODUCTS") or "1")
local lines = tonumber(os.getenv("BENCH_LINES") or "0")
local line = os.getenv("BENCH_LINE")
local keyed = os.getenv("BENCH_KEYED")

local headers = { ["Content-Type"] = "application/json" }
if os.getenv("STOCK_KEY") then
  headers["Authorization"] = "Bearer " .. os.getenv("STOCK_KEY")
end
math.randomseed(os.time())

local function product(text)
  local filled = text:gsub("{id}", function() return tostring(math.random(products)) end)
  return (filled:gsub("{id12}", function() return string.format("%012d", math.random(products)) end))
end

local function filled()
  if lines == 0 then return product(body) end
  local parts = {}
  for i = 1, lines do parts[i] = product(line) end
  return (body:gsub("{lines}", function() return table.concat(parts, ",") end))
end

wrk.method = "POST"
for name, value in pairs(headers) do wrk.headers[name] = value end

if keyed then
  local run = os.time() .. "-" .. math.random(1e9) .. "-"
  local text, count = filled(), 0
  function request()
    count = count + 1
    headers["Idempotency-Key"] = run .. count
    return wrk.format("POST", nil, headers, text)
  end
elseif products == 1 then
  wrk.body = filled()
else
  -- All requests are made before, so that the generator stays cheap.
  local requests, next = {}, 0
  function init()
    local count = lines > 0 and 200 or tonumber(os.getenv("BENCH_REQUESTS") or "20000")
    for i = 1, count do requests[i] = wrk.format("POST", nil, headers, filled()) end
  end
  function request()
    next = next % #requests + 1
    return requests[next]
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"bytes":%d,' ..
    '"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,' ..
    '"latency_us":{"min":%d,"mean":%.1f,"p50":%d,"p90":%d,"p99":%d,"p99_9":%d,"p99_99":%d,"max":%d}}\n',
    summary.requests, summary.duration, summary.bytes,
    e.status, e.connect, e.read, e.write, e.timeout,
    latency.min, latency.mean, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency:percentile(99.9), latency:percentile(99.99), latency.max))
end
