/// What a request can be about: one case for each row of `RouteTable`.
enum Endpoint: Int, CaseIterable, Sendable {
  case set, adjust, reserve, release, fulfill, transfer, batch
  case hold, readHold, listHolds, extendHold, fulfillHold, releaseHold
  case listMovements, events, live
  case readSummary, listEntries, readEntry, putEntry, deleteEntry
  case putStore, readStore, listStores
  case putProduct, readProduct, listProducts
  case adminSet, adminAdjust
  case listAllEntries, listStoreEntries, lowStock, stats, listStockedStores, listLocations
  case createKey, listKeys, revokeKey
  case verify, export
  case health, readiness, metrics
  case page, readSession, signIn, signOut
  /// Not found yet, or not at all.
  case none
}

extension Endpoint {
  /// Its response goes on until one side ends it.
  var isStream: Bool { self == .events || self == .live }

  /// Belongs to the web page, and not to the API.
  var isOfPage: Bool {
    switch self {
    case .page, .readSession, .signIn, .signOut: true
    default: false
    }
  }
}

/// One or more roles, as bits.
struct RoleSet: OptionSet, Sendable {
  let rawValue: UInt8

  static let admin = RoleSet(rawValue: 1)
  static let store = RoleSet(rawValue: 2)
  static let checkout = RoleSet(rawValue: 4)
  static let read = RoleSet(rawValue: 8)

  /// Who keeps the stock.
  static let keepers: RoleSet = [.admin, .store]
  /// Who sells it.
  static let sellers: RoleSet = [.admin, .store, .checkout]
  /// Any key.
  static let all: RoleSet = [.admin, .store, .checkout, .read]
  /// No key is asked for.
  static let anyone: RoleSet = []
}
