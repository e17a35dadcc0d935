/// Which shard owns what. Everything that routes asks here.
public struct ShardMap: Sendable {
  /// Fixed when a namespace is made. 1 to `Bounds.maxShards`.
  public let shardCount: Int

  public init(shardCount: Int) {
    precondition(shardCount >= 1 && shardCount <= Bounds.maxShards, "number of shards out of range")
    self.shardCount = shardCount
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the id moves every bit of the
  /// result, and it is the same in every process, which Swift's `Hasher` is not.
  @inlinable
  public static func mix(_ value: UInt64) -> UInt64 {
    var hash = value &+ 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }

  @inlinable
  public func shard(ofProduct product: ProductID) -> ShardID {
    Int(Self.mix(UInt64(bitPattern: product)) % UInt64(shardCount))
  }

  /// Entry ids are dealt out round the shards: shard 3 of 8 gives 4, 12, 20 …
  @inlinable
  public func shard(ofEntry entry: EntryID) -> ShardID {
    Int((UInt64(bitPattern: entry) &- 1) % UInt64(shardCount))
  }

  /// The `number`th id (from 1) that `shard` gives to an entry.
  @inlinable
  public func entryID(number: Int64, of shard: ShardID) -> EntryID {
    (number - 1) * Int64(shardCount) + Int64(shard) + 1
  }

  /// The inverse of `entryID(number:of:)`.
  @inlinable
  public func number(ofEntry entry: EntryID) -> Int64 {
    (entry - 1) / Int64(shardCount) + 1
  }
}
