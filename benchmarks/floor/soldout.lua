-- One product that has fewer units than are asked for: every answer is a refusal, judged on stock.
dofile("benchmarks/floor/hot.lua")
wrk.body = '{"product_id":1,"location":"MAIN","quantity":2000000000}'
local hot = done
function done(summary, latency, requests)
  summary.errors.status = 0
  hot(summary, latency, requests)
end
