-- One reserve. SOCKET and SHA are put in by peer.py.
ngx.req.read_body()
local asked = cjson.decode(ngx.req.get_body_data())
if type(asked) ~= "table" or type(asked.product_id) ~= "number" or type(asked.quantity) ~= "number" then
  ngx.status = 400
  ngx.print('{"code":"invalid_request"}')
  return
end

local store = redis:new()
store:set_timeout(5000)
local connected = store:connect("unix:SOCKET")
local reserved = connected
  and store:evalsha("SHA", 1, string.format("stock:%012d", asked.product_id), asked.quantity)
if not reserved then
  ngx.status = 503
  ngx.print('{"code":"store_unavailable"}')
  return
end
store:set_keepalive(60000, 200)

if reserved < 0 then
  ngx.status = 409
  ngx.print('{"code":"insufficient_stock"}')
  return
end
local answer = string.format('{"product_id":%d,"reserved_quantity":%d}', asked.product_id, reserved)
ngx.header["Content-Length"] = #answer
ngx.print(answer)
