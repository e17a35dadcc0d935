#!lua
-- Removes whole keys of a shard, for its owner: one that was the owner before takes nothing away.
--
-- KEYS  meta, then the keys
-- ARGV  owner, epoch
-- Returns {'OK'}; or, with nothing removed, {'FENCED', held owner, held epoch} or {'NOMETA'}.

local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if not held[2] then
  return {'NOMETA'}
end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {'FENCED', held[1] or '', held[2]}
end
redis.call('UNLINK', unpack(KEYS, 2))
return {'OK'}
