public import NIOCore
public import StockCore
public import StockRedis

/// What an engine needs to start.
public struct EngineConfiguration: Sendable {
  public var address: RedisAddress
  public var keys: RedisKeys
  public var durability: Durability
  /// Shards of a namespace that is made now; one that is there keeps its own number.
  public var shardCount: Int
  public var shard: ShardConfiguration
  /// Goes on with a Redis whose settings can lose data, with a warning for each.
  public var allowUnsafeRedis: Bool
  /// Called when Redis cannot be reached, before the next attempt: restarts a server of our own.
  public var reviveRedis: (@Sendable () async -> Void)?
  /// How long Redis may be silent while shards are loaded, before its connection is given up.
  public var loadTimeout = TimeAmount.seconds(30)
  /// How often Redis is asked whether it is still set to keep what it is given.
  public var settingsInterval = Duration.seconds(10)

  public init(
    address: RedisAddress, keys: RedisKeys = RedisKeys(namespace: "stock"),
    durability: Durability = .everysec, shardCount: Int = 4, shard: ShardConfiguration = .init(),
    allowUnsafeRedis: Bool = false, reviveRedis: (@Sendable () async -> Void)? = nil
  ) {
    self.address = address
    self.keys = keys
    self.durability = durability
    self.shardCount = shardCount
    self.shard = shard
    self.allowUnsafeRedis = allowUnsafeRedis
    self.reviveRedis = reviveRedis
  }
}
