#!lua
-- Takes a shard again with an epoch that was granted before: for a Redis that lost its last
-- second, the grant in it. Whoever took the shard later keeps it.
--
-- KEYS  meta
-- ARGV  owner, epoch
-- Returns {'OK', sequence, digest, last_entry, movements, oldest_bucket},
--       {'FENCED', held owner, held epoch} or {'NOMETA'}.

local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'sequence', 'digest', 'last_entry',
  'movements', 'oldest_bucket')
if not held[2] or not held[3] then
  return {'NOMETA'}
end
local there, mine = tonumber(held[2]), tonumber(ARGV[2])
if there < mine or (there == mine and held[1] == ARGV[1]) then
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', ARGV[2])
  return {'OK', held[3], held[4] or '', held[5] or '', held[6] or '', held[7] or ''}
end
return {'FENCED', held[1] or '', held[2]}
