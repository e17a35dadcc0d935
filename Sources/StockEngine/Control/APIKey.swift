public import StockCore

/// What a key's bearer may do.
public enum Role: String, CaseIterable, Sendable {
  /// Everything, in all stores.
  case admin
  /// Everything in its store.
  case store
  /// Read, reserve, release and fulfill in its store.
  case checkout
  /// Read in its store.
  case read
}

/// A key as the engine keeps it: never the token itself, only its SHA-256.
public struct APIKey: Equatable, Sendable {
  public var id: Int64
  public var role: Role
  /// nil for admin keys only.
  public var store: StoreID?
  public var name: String
  /// SHA-256 of the token: 32 bytes.
  public var digest: [UInt8]
  public var createdAt: Timestamp
  public var expiresAt: Timestamp?
  /// nil: the engine's for all keys, if it has one.
  public var rateLimit: RateLimit?

  public init(
    id: Int64, role: Role, store: StoreID?, name: String, digest: [UInt8], createdAt: Timestamp,
    expiresAt: Timestamp? = nil, rateLimit: RateLimit? = nil
  ) {
    self.id = id
    self.role = role
    self.store = store
    self.name = name
    self.digest = digest
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.rateLimit = rateLimit
  }
}
