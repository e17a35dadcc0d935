#!lua
-- Writes fields of one hash as the owner's memory has them: only those that differ.
--
-- KEYS  meta, the hash
-- ARGV  owner, epoch, the sequence that meta must hold ('': none, it is being restored), then any
--       number of: 'set', field, value  or  'del', field
-- Returns {'OK', how many fields were written}; or, with nothing written, {'NOMETA'},
--       {'FENCED', held owner, held epoch}, {'SEQ', held sequence} or {'INVALID', what}.
--
-- Under an owner, an epoch and a sequence there is one truth, so a step that comes late, or twice,
-- writes what is there already, or is refused.

local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'sequence')
if not held[2] then
  return {'NOMETA'}
end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {'FENCED', held[1] or '', held[2]}
end
if (held[3] or '') ~= ARGV[3] then
  if not held[3] then
    return {'NOMETA'}
  end
  return {'SEQ', held[3]}
end

local width = {set = 3, del = 2}
local at = 4
while ARGV[at] do
  local n = width[ARGV[at]]
  if not n or not ARGV[at + n - 1] then
    return {'INVALID', ARGV[at]}
  end
  at = at + n
end
-- Reading first lets a key of a wrong type stop this before the first write.
redis.call('HLEN', KEYS[2])

local written = 0
at = 4
while ARGV[at] do
  local there = redis.call('HGET', KEYS[2], ARGV[at + 1])
  if ARGV[at] == 'set' then
    if there ~= ARGV[at + 2] then
      redis.call('HSET', KEYS[2], ARGV[at + 1], ARGV[at + 2])
      written = written + 1
    end
  elseif there then
    redis.call('HDEL', KEYS[2], ARGV[at + 1])
    written = written + 1
  end
  at = at + width[ARGV[at]]
end
return {'OK', written}
