#!lua
-- Makes the meta of a shard, or of the control keys, again, for the engine that owned it and has in
-- memory what Redis lost. Between 'begin' and 'finish' meta has no sequence: nobody takes the shard,
-- no commit is accepted, and an engine that starts refuses.
--
-- KEYS  meta, ledger
-- ARGV  'begin', owner, epoch
--       'ledger', owner, epoch, number of the last movement, sequence, the text: an entry of the
--         ledger, unless it has it, or a later one, already
--       'finish', owner, epoch, sequence, digest, last_entry, movements, oldest_bucket
-- Returns {'OK'}; or, with nothing written, {'NOMETA'}: it has not begun, or {'FENCED', held owner,
--       held epoch}: another engine took it later.

local step, owner, epoch = ARGV[1], ARGV[2], ARGV[3]
local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'sequence')

if step == 'begin' then
  -- Redis may hold an older ownership, of a backup: it gives way.
  local there = tonumber(held[2] or '')
  if there and (there > tonumber(epoch) or (there == tonumber(epoch) and held[1] ~= owner)) then
    return {'FENCED', held[1] or '', held[2]}
  end
  redis.call('HDEL', KEYS[1], 'sequence')
  redis.call('HSET', KEYS[1], 'owner', owner, 'epoch', epoch)
  return {'OK'}
end

if not held[2] then
  return {'NOMETA'}
end
if held[1] ~= owner or held[2] ~= epoch then
  return {'FENCED', held[1] or '', held[2]}
end
if held[3] then
  -- The reply to 'finish' was lost, and it comes again.
  if step == 'finish' and held[3] == ARGV[4] then
    return {'OK'}
  end
  return {'NOMETA'}
end

-- The last entry's id, and the number of its last movement.
local function last_entry()
  local entry = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if not entry then
    return nil, 0
  end
  return entry[1], tonumber(string.match(entry[1], '^(%d+)-'))
end

if step == 'ledger' then
  local _, number = last_entry()
  if number < tonumber(ARGV[4]) then
    redis.call('XADD', KEYS[2], ARGV[4] .. '-' .. ARGV[5], 'v', '1', 'm', ARGV[6])
  end
  return {'OK'}
end

-- What the ledger has beyond memory was never confirmed to anybody, and would stand in the way of
-- what comes next: Redis takes only ids above the last.
local id, number = last_entry()
local is_cut = false
while id and number > tonumber(ARGV[7]) do
  redis.call('XDEL', KEYS[2], id)
  is_cut = true
  id, number = last_entry()
end
if is_cut then
  redis.call('XSETID', KEYS[2], id or '0-0')
end
redis.call('HSET', KEYS[1], 'sequence', ARGV[4], 'digest', ARGV[5], 'last_entry', ARGV[6],
  'movements', ARGV[7], 'oldest_bucket', ARGV[8])
return {'OK'}
