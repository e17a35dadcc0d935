import StockCore
import StockEngine

@testable import StockHTTP

/// A key for each role, with the role's name as its token. All but the admin's are store 7's.
///
/// `@unchecked Sendable`: one thread changes it, and those who ask from others get an error.
final class FuzzControl: ControlPlane, @unchecked Sendable {
  static let now: Timestamp = 1_795_411_800_123
  /// That of all fronts, which nobody changes.
  static let shared = FuzzControl()

  private(set) var snapshot: ControlSnapshot

  init() { snapshot = Self.whole }

  private static let whole: ControlSnapshot = {
    var keys: [Int64: APIKey] = [:]
    for (place, role) in Role.allCases.enumerated() {
      let id = Int64(place + 1)
      keys[id] = APIKey(
        id: id, role: role, store: role == .admin ? nil : 7, name: role.rawValue,
        digest: Token.digest(role.rawValue.utf8), createdAt: 1_000)
    }
    let store = Store(
      id: 7, name: "Seven", locationPriority: ["A"], allocationStrategy: .priority,
      createdAt: 1_000, updatedAt: 1_000)
    return ControlSnapshot(generation: 1, stores: [7: store], keys: keys)
  }()

  func remove(_ name: String) {
    guard let key = snapshot.keys.values.first(where: { $0.name == name }) else { return }
    snapshot.keys[key.id] = nil
    snapshot.generation += 1
  }

  func add(_ name: String) {
    guard let key = Self.whole.keys.values.first(where: { $0.name == name }) else { return }
    snapshot.keys[key.id] = key
    snapshot.generation += 1
  }

  func putStore(
    id: StoreID, name: String, locationPriority: [String], strategy: AllocationStrategy
  ) async throws(ControlError) -> (store: Store, created: Bool) { throw .storeUnavailable }

  func createKey(
    role: Role, store: StoreID?, name: String, digest: [UInt8], expiresAt: Timestamp?,
    rateLimit: RateLimit?
  ) async throws(ControlError) -> APIKey { throw .storeUnavailable }

  func revokeKey(id: Int64) async throws(ControlError) -> Bool { throw .storeUnavailable }

  var lastUses: [Int64: Timestamp] { [:] }
  func noteUses(_ uses: [Int64: Timestamp]) {}
}
