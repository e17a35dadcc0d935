#!lua
-- Commits one batch of one shard: all of it, or nothing.
--
-- KEYS  meta, entries, products, holds, purchases, idempotency bucket, ledger: all of one hash tag.
-- ARGV  owner, epoch, previous sequence, sequence, digest, last_entry, movements (since ever),
--       oldest_bucket, then the sections:
--       floors:      count, then (entry id, floor) for each
--       entries:     count, then (id, before, after) for each
--       products:    the same
--       holds:       the same
--       purchases:   the same
--       idempotency: count, then (field, value) for each
--       movements:   0; or 1, the text, and the number before which the ledger may be cut, or ''
--       `before` is what the held value must start with (of a purchase: what it must be), '' if nothing
--       may be held. `after` is the whole new value, '' to delete the field. An entry's available
--       units may not be below its floor, 0 where none is given. An idempotency field must be new.
-- Returns {'OK'}, or {'ALREADY'}, with nothing changed; or, with nothing written, {'NOMETA'},
--       {'FENCED', held owner, held epoch}, {'SEQ', held sequence, held digest},
--       {'INVALID', key, id, held value}.
--
-- The line above without flags makes Redis refuse the script before it starts when memory is
-- full, the disk fails, replicas are missing or this is a replica. Every hash is read before the
-- first write, so that a key of a wrong type stops it early too: Redis rolls nothing back. The
-- ledger is written first: Redis refuses a wrong type there, or an id that is not above the last.
-- Numbers stay text: Lua's are doubles, and print with 14 digits. Floors are compared as doubles:
-- they are below 2^53.

local call, find, match, tonumber, unpack = redis.call, string.find, string.match, tonumber, unpack
local KEYS, ARGV = KEYS, ARGV

-- Lua's stack takes about 8000 values in one call.
local CHUNK = 2000

local held = call('HMGET', KEYS[1], 'owner', 'epoch', 'sequence', 'digest', 'oldest_bucket')
local sequence = held[3]
if not sequence or not held[2] then
  return {'NOMETA'}
end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {'FENCED', held[1] or '', held[2]}
end
if sequence == ARGV[4] and held[4] == ARGV[5] then
  -- WAIT promises replicas for what its own connection wrote: so this one writes too, what is there.
  call('HSET', KEYS[1], 'sequence', sequence)
  return {'ALREADY'}
end
if sequence ~= ARGV[3] or sequence == ARGV[4] then
  return {'SEQ', sequence, held[4] or ''}
end

-- Checks the `count` changes behind ARGV[at] against what `key` holds. Returns the refusal, or nil.
local function check(key, at, count, form, floors, exact)
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
        fits = before == value or (before ~= '' and not exact and find(value, before, 1, true) == 1)
      else
        fits = before == ''
      end
      if fits and after ~= '' then
        local floor = floors and floors[ids[i]]
        if floor then
          local available = match(after, '^(%-?%d+) %d+ %d+ %d')
          fits = available and tonumber(available) >= floor
        else
          fits = find(after, form)
        end
      end
      if not fits then
        return {'INVALID', key, ids[i], value or ''}
      end
      base = base + 3
    end
  end
end

-- Writes the `count` changes behind ARGV[at].
local function write(key, at, count)
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

-- As `check`, for pairs of a field and a value. None of the fields may be held.
local function check_new(key, at, count)
  local fields = {}
  for first = 1, count, CHUNK do
    local n = count - first + 1
    if n > CHUNK then n = CHUNK end
    local from = at + 2 * first - 1
    for i = 1, n do
      fields[i] = ARGV[from]
      from = from + 2
    end
    local values = call('HMGET', key, unpack(fields, 1, n))
    for i = 1, n do
      if values[i] then
        return {'INVALID', key, fields[i], values[i]}
      end
    end
  end
end

local at = 9
local floors
local floor_count = tonumber(ARGV[at])
if floor_count > 0 then
  floors = {}
  for i = at + 1, at + 2 * floor_count, 2 do
    floors[ARGV[i]] = tonumber(ARGV[i + 1])
  end
end
at = at + 1 + 2 * floor_count

-- What a new value of a section must look like. No sign fits %d: no counter goes below zero,
-- whatever the engine believes. Matching the rest of the record too would cost another 0.3 us an
-- entry.
local forms = {
  '^%d+ %d+ %d+ %d',
  '^store=%d+\ttype=%l+\tversion=%d+\tcreated=%d+\tupdated=%d',
  '^[HP] %d+ ',
  '^%d+ %-?%d+$',
}
local starts, counts = {}, {}
for section = 1, 4 do
  local count = tonumber(ARGV[at])
  starts[section], counts[section] = at, count
  if count > 0 then
    local refusal = check(
      KEYS[section + 1], at, count, forms[section], section == 1 and floors, section == 4)
    if refusal then
      return refusal
    end
  end
  at = at + 1 + 3 * count
end

local answers = tonumber(ARGV[at])
if answers > 0 then
  local refusal = check_new(KEYS[6], at, answers)
  if refusal then
    return refusal
  end
end
local movements = at + 1 + 2 * answers

-- Nothing has been written up to here.
if ARGV[movements] ~= '0' then
  local id, text, cut = ARGV[7] .. '-' .. ARGV[4], ARGV[movements + 1], ARGV[movements + 2]
  if cut == '' then
    call('XADD', KEYS[7], id, 'v', '1', 'm', text)
  else
    call('XADD', KEYS[7], 'MINID', '~', cut, id, 'v', '1', 'm', text)
  end
end
for section = 1, 4 do
  if counts[section] > 0 then
    write(KEYS[section + 1], starts[section], counts[section])
  end
end
if answers > 0 then
  for first = at + 1, at + 2 * answers, 2 * CHUNK do
    local last = first + 2 * CHUNK - 1
    if last > at + 2 * answers then last = at + 2 * answers end
    call('HSET', KEYS[6], unpack(ARGV, first, last))
  end
end
if held[5] == ARGV[8] then
  call('HSET', KEYS[1], 'sequence', ARGV[4], 'digest', ARGV[5], 'last_entry', ARGV[6],
    'movements', ARGV[7])
else
  call('HSET', KEYS[1], 'sequence', ARGV[4], 'digest', ARGV[5], 'last_entry', ARGV[6],
    'movements', ARGV[7], 'oldest_bucket', ARGV[8])
end
return {'OK'}
