/// The locations that a shard knows, as small integers: entries hold those.
///
/// Names are never removed: there are few, and a batch of some seconds ago may still name one. All
/// stores share them; each name counts for the store that brought it.
public struct LocationTable: Sendable {
  private var names: ContiguousArray<String> = []
  private var ids: [String: LocationID] = [:]
  /// How many names each store brought.
  private var counts: [StoreID: Int] = [:]
  /// By a small hash, a name that has it. Most lookups end here, without the dictionary's SipHash;
  /// nobody gains by choosing names that collide.
  private var near = ContiguousArray<LocationID>(repeating: -1, count: 256)

  public init() {}

  public var count: Int { names.count }

  /// The bound that keeps a store from bringing a name that is not known yet.
  func bound(for store: StoreID) -> Refusal.Capacity? {
    if counts[store, default: 0] >= Bounds.maxLocationsPerStore { return .locationsOfStore }
    return isFull ? .locations : nil
  }

  public var isFull: Bool { names.count >= Bounds.maxLocationsPerShard }

  public func name(_ id: LocationID) -> String { names[Int(id)] }

  public func id(_ name: String) -> LocationID? {
    let candidate = near[Self.place(of: name)]
    if candidate >= 0, names[Int(candidate)] == name { return candidate }
    return ids[name]
  }

  private static func place(of name: String) -> Int {
    var hash: UInt32 = 0
    for byte in name.utf8 { hash = hash &* 31 &+ UInt32(byte) }
    return Int((hash ^ hash >> 8) & 255)
  }

  /// - Returns: nil where a bound is reached.
  mutating func intern(_ name: String, of store: StoreID) -> LocationID? {
    if let id = self.id(name) { return id }
    return bound(for: store) == nil ? internBeyondBound(name, of: store) : nil
  }

  /// For a name that the shard has taken already: a hold's line has it, or Redis.
  mutating func internBeyondBound(_ name: String, of store: StoreID) -> LocationID {
    if let id = ids[name] { return id }
    let id = LocationID(names.count)
    names.append(name)
    ids[name] = id
    counts[store, default: 0] += 1
    near[Self.place(of: name)] = id
    return id
  }
}
