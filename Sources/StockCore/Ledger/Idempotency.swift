/// A client's idempotency key with what it was first used for. The key's text is not kept: only a
/// digest of it and of its owner.
public struct IdempotencyKey: Equatable, Sendable {
  /// 128 bits of a cryptographic digest of the key's owner, the key, and the operation's place in its
  /// batch.
  public var high: UInt64
  public var low: UInt64
  /// 64 bits of a digest of method, path and body: another request with the same key differs in it.
  public var fingerprint: UInt64

  public init(high: UInt64, low: UInt64, fingerprint: UInt64) {
    self.high = high
    self.low = low
    self.fingerprint = fingerprint
  }
}

/// An outcome that is given again to whoever asks with the same key. Committed with its effect.
public struct IdempotencyRecord: Equatable, Sendable {
  public var key: IdempotencyKey
  public var outcome: Outcome

  public init(key: IdempotencyKey, outcome: Outcome) {
    self.key = key
    self.outcome = outcome
  }
}

/// Which of the shard's hashes a record is in: they are dropped whole, one after the other. The time of
/// its beginning divided by the length of a bucket.
public typealias IdempotencyBucket = Int64
