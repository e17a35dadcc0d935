#!lua
-- Takes a shard, or the control keys: a new epoch, by which writes of the owner before fail.
--
-- KEYS  meta
-- ARGV  owner, the epoch that the new one must be above, the epoch that must be held, '' for any
-- Returns {'OK', epoch, sequence, digest, last_entry, movements, oldest_bucket}, {'NOMETA'}, or
--       {'FENCED', held owner, held epoch}: somebody else came first.

local held = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'digest', 'last_entry', 'movements',
  'oldest_bucket', 'owner')
if not held[1] or not held[2] then
  return {'NOMETA'}
end
if ARGV[3] ~= '' and held[1] ~= ARGV[3] then
  return {'FENCED', held[7] or '', held[1]}
end
-- Epochs count ownerships: far from where doubles lose integers. %.0f prints all digits.
local epoch = string.format('%.0f', math.max(tonumber(held[1]), tonumber(ARGV[2])) + 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch)
return {'OK', epoch, held[2], held[3] or '', held[4] or '', held[5] or '', held[6] or ''}
