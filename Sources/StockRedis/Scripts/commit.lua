#!lua
-- Commits one batch of one shard: all of it, or nothing.
--
-- KEYS  meta, entries, products: all of one hash tag.
-- ARGV  owner, epoch, previous sequence, sequence, digest, last_entry, then the sections:
--       entries:  count, then (id, before, after) for each
--       products: count, then (id, before, after) for each
--       `before` is what the held value must start with, '' if nothing may be held.
--       `after` is the whole new value, '' to delete the field.
-- Returns {'OK'} or {'ALREADY'}; or, with nothing written, {'NOMETA'},
--       {'FENCED', held owner, held epoch}, {'SEQ', held sequence, held digest},
--       {'INVALID', key, id, held value}.
--
-- The line above without flags makes Redis refuse the script before it starts when memory is
-- full, the disk fails, replicas are missing or this is a replica. Every key is read before the
-- first one is written, so that a key of a wrong type stops it early too: Redis rolls nothing back.
-- Numbers stay text: Lua's are doubles, and print with 14 digits.

local call, find, unpack = redis.call, string.find, unpack
local ARGV = ARGV

-- Lua's stack takes about 8000 values in one call.
local CHUNK = 2000

local held = call('HMGET', KEYS[1], 'owner', 'epoch', 'sequence', 'digest')
local sequence = held[3]
if not sequence or not held[2] then
  return {'NOMETA'}
end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {'FENCED', held[1] or '', held[2]}
end
if sequence == ARGV[4] and held[4] == ARGV[5] then
  return {'ALREADY'}
end
if sequence ~= ARGV[3] or sequence == ARGV[4] then
  return {'SEQ', sequence, held[4] or ''}
end

-- Checks the section that begins at ARGV[at] against what `key` holds.
-- Returns where the next section begins; or nil and the refusal.
local function check(key, at, form)
  local count = tonumber(ARGV[at])
  local ids = {}
  for first = 1, count, CHUNK do
    local n = count - first + 1
    if n > CHUNK then n = CHUNK end
    local base = at + 3 * first - 2
    local from = base
    for i = 1, n do
      ids[i] = ARGV[from]
      from = from + 3
    end
    local values = call('HMGET', key, unpack(ids, 1, n))
    for i = 1, n do
      local before, after, value = ARGV[base + 1], ARGV[base + 2], values[i]
      local fits
      if value then
        fits = before ~= '' and find(value, before, 1, true) == 1
      else
        fits = before == ''
      end
      if not fits or (after ~= '' and not find(after, form)) then
        return nil, {'INVALID', key, ids[i], value or ''}
      end
      base = base + 3
    end
  end
  return at + 1 + 3 * count
end

-- Writes the section that begins at ARGV[at].
local function write(key, at)
  local count = tonumber(ARGV[at])
  local sets, deletes, set, delete = {}, {}, 0, 0
  local from = at + 1
  for _ = 1, count do
    local id, after = ARGV[from], ARGV[from + 2]
    if after ~= '' then
      sets[set + 1], sets[set + 2] = id, after
      set = set + 2
      if set == 2 * CHUNK then
        call('HSET', key, unpack(sets, 1, set))
        set = 0
      end
    else
      delete = delete + 1
      deletes[delete] = id
      if delete == CHUNK then
        call('HDEL', key, unpack(deletes, 1, delete))
        delete = 0
      end
    end
    from = from + 3
  end
  if set > 0 then call('HSET', key, unpack(sets, 1, set)) end
  if delete > 0 then call('HDEL', key, unpack(deletes, 1, delete)) end
end

-- No sign fits %d: no counter goes below zero, whatever the engine believes. Matching the rest of
-- the record too would cost another 0.3 us an entry.
local entries = 7
local products, refusal = check(KEYS[2], entries, '^%d+ %d+ %d+ %d')
if not products then
  return refusal
end
local next_section
next_section, refusal = check(KEYS[3], products, '^store=%d+\ttype=%l+\tversion=%d+\tcreated=%d+\tupdated=%d')
if not next_section then
  return refusal
end

write(KEYS[2], entries)
write(KEYS[3], products)
call('HSET', KEYS[1], 'sequence', ARGV[4], 'digest', ARGV[5], 'last_entry', ARGV[6])
return {'OK'}
