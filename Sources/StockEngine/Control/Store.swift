public import StockCore

/// A shop, whose products, stock and keys are its own.
public struct Store: Equatable, Sendable {
  public var id: StoreID
  /// 1 to 255 bytes, no control characters.
  public var name: String
  /// Locations (normalised) in the order in which allocation tries them.
  public var locationPriority: [String]
  public var allocationStrategy: AllocationStrategy
  public var createdAt: Timestamp
  public var updatedAt: Timestamp

  public init(
    id: StoreID, name: String, locationPriority: [String] = [],
    allocationStrategy: AllocationStrategy = .priority, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.locationPriority = locationPriority
    self.allocationStrategy = allocationStrategy
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.id == right.id && left.name.isExactly(right.name)
      && left.locationPriority == right.locationPriority
      && left.allocationStrategy == right.allocationStrategy
      && left.createdAt == right.createdAt && left.updatedAt == right.updatedAt
  }
}

/// How units are found where a reserve names no location.
public enum AllocationStrategy: String, CaseIterable, Sendable {
  case priority
  case highestStock = "highest_stock"
  case singleLocation = "single_location"
}
