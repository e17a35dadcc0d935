/// The locations that a shard knows, as small integers: entries hold those.
///
/// Names are never removed: there are few, and a batch of some seconds ago may still name one.
public struct LocationTable: Sendable {
  private var names: ContiguousArray<String> = []
  private var ids: [String: LocationID] = [:]

  public init() {}

  public var count: Int { names.count }

  public var isFull: Bool { names.count >= Bounds.maxLocationsPerShard }

  public func name(_ id: LocationID) -> String { names[Int(id)] }

  public func id(_ name: String) -> LocationID? { ids[name] }

  /// - Returns: nil where `Bounds.maxLocationsPerShard` is reached.
  public mutating func intern(_ name: String) -> LocationID? {
    if let id = ids[name] { return id }
    return isFull ? nil : internBeyondBound(name)
  }

  /// For a name that the shard has taken already: a hold's line has it.
  mutating func internBeyondBound(_ name: String) -> LocationID {
    if let id = ids[name] { return id }
    let id = LocationID(names.count)
    names.append(name)
    ids[name] = id
    return id
  }
}
