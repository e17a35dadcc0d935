public import StockCore

/// Stores and keys: few, read often, changed seldom. All of them are in memory; a change is in Redis
/// before it is answered.
public protocol ControlPlane: Sendable {
  /// A copy of all stores and keys as they are now, and a number that grows with each change.
  var snapshot: ControlSnapshot { get }

  /// Makes a store, or replaces its name, priority and strategy.
  ///
  /// - Returns: the store as it now is, and whether it is new.
  func putStore(
    id: StoreID, name: String, locationPriority: [String], strategy: AllocationStrategy
  ) async throws(ControlError) -> (store: Store, created: Bool)

  /// Keeps a new key.
  func createKey(
    role: Role, store: StoreID?, name: String, digest: [UInt8], expiresAt: Timestamp?,
    rateLimit: RateLimit?
  ) async throws(ControlError) -> APIKey

  /// - Returns: false where there is no such key.
  func revokeKey(id: Int64) async throws(ControlError) -> Bool

  /// When each key was used last, to the minute; a key that never was has none. Kept in Redis about once
  /// a minute: a crash loses the last ones.
  var lastUses: [Int64: Timestamp] { get }

  /// Keys were used. Of each key the latest time counts; keys that there are not are passed over.
  func noteUses(_ uses: [Int64: Timestamp])
}

public struct ControlSnapshot: Sendable {
  public var generation: Int
  public var stores: [StoreID: Store]
  public var keys: [Int64: APIKey]

  public init(generation: Int, stores: [StoreID: Store], keys: [Int64: APIKey]) {
    self.generation = generation
    self.stores = stores
    self.keys = keys
  }
}

/// Why a store or key could not be changed.
public enum ControlError: Error, Equatable, Sendable {
  /// No such store.
  case unknownStore(StoreID)
  /// `Bounds` reached.
  case tooMany
  /// Redis did not take the change. Nothing has changed.
  case storeUnavailable
  /// Redis may have taken the change.
  case outcomeUnknown
}
