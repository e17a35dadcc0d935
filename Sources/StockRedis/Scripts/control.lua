#!lua
-- Changes one of the control hashes (stores, keys, counters), for the owner of the control keys.
--
-- KEYS  control meta, the hash
-- ARGV  owner, epoch, then any number of: 'set', field, value  or  'del', field
-- Returns {'OK'}, {'FENCED', held owner, held epoch}, {'NOMETA'} or {'INVALID', what}.

local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if not held[2] then
  return {'NOMETA'}
end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {'FENCED', held[1] or '', held[2]}
end

local width = {set = 3, del = 2}
local at = 3
while ARGV[at] do
  local n = width[ARGV[at]]
  if not n or not ARGV[at + n - 1] then
    return {'INVALID', ARGV[at]}
  end
  at = at + n
end
-- Reading first lets a key of a wrong type stop this before the first write.
redis.call('HLEN', KEYS[2])

at = 3
while ARGV[at] do
  if ARGV[at] == 'set' then
    redis.call('HSET', KEYS[2], ARGV[at + 1], ARGV[at + 2])
  else
    redis.call('HDEL', KEYS[2], ARGV[at + 1])
  end
  at = at + width[ARGV[at]]
end
return {'OK'}
