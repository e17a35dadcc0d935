#!lua
-- Writes a namespace's manifest unless there is one: of two engines that make it, one decides.
--
-- KEYS  manifest
-- ARGV  version, shards, created_at (ms)
-- Returns the number of shards that the manifest holds.

if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'shards', ARGV[2], 'created_at', ARGV[3])
end
return redis.call('HGET', KEYS[1], 'shards')
