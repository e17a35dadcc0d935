#!lua
-- The usual check-and-reserve. KEYS[1]: a hash with quantity and reserved; ARGV[1]: units.
-- What is reserved now, or -1 where there is too little, -2 where there is no such product.
local stock = redis.call('HMGET', KEYS[1], 'quantity', 'reserved')
if not stock[1] then return -2 end
if stock[1] - stock[2] < tonumber(ARGV[1]) then return -1 end
return redis.call('HINCRBY', KEYS[1], 'reserved', ARGV[1])
