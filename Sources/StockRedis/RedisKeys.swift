public import StockCore

/// The names of all keys of a namespace. What a commit touches shares one hash tag, the shard's.
public struct RedisKeys: Hashable, Sendable {
  public let namespace: String

  /// - Parameter namespace: 1 to 64 letters, digits, `_`, `-`, `.` or `:`; checked by `isValid`.
  public init(namespace: String = "stock") { self.namespace = namespace }

  /// Braces would move the hash tag, spaces make keys hard to type.
  public static func isValid(namespace: String) -> Bool {
    (1...64).contains(namespace.utf8.count)
      && namespace.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
          UInt8(ascii: "."), UInt8(ascii: ":"):
          true
        default: false
        }
      }
  }

  /// Hash: version, shards, created_at.
  public var manifest: String { "\(namespace):manifest" }

  /// Hash: owner, epoch, sequence, digest, last_entry, movements, oldest_bucket.
  public func meta(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:meta" }
  /// Hash: entry id → `EntryRecord`.
  public func entries(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:entries" }
  /// Hash: product id → `ProductRecord`.
  public func products(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:products" }

  /// Hash: hold id → `HoldRecordReader`'s text, for holds and for parts of them.
  public func holds(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:holds" }
  /// Hash: product and customer → `PurchaseRecord`'s text.
  public func purchases(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:purchases" }
  /// Stream: the movements of each commit (`LedgerText`).
  public func ledger(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:log" }
  /// Hash: digest of an idempotency key → `IdempotencyText`.
  public func idempotency(_ shard: ShardID, _ bucket: IdempotencyBucket) -> String {
    idempotencyPrefix(shard) + String(bucket)
  }
  /// What the names of a shard's buckets begin with; their numbers follow.
  public func idempotencyPrefix(_ shard: ShardID) -> String { "\(namespace):{\(shard)}:idem:" }

  /// Hash: owner, epoch of whoever may change stores and API keys.
  public var controlMeta: String { control("meta") }
  public var stores: String { control("stores") }
  public var apiKeys: String { control("keys") }
  /// Hash: key id → when it was used last, to the minute.
  public var apiKeyUses: String { control("uses") }
  public var counters: String { control("counters") }

  private func control(_ name: String) -> String { "\(namespace):{control}:\(name)" }
}
