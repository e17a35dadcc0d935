/// How much it matters that a request is taken when there is more to do than can be done.
enum Urgency: Int, Comparable, CaseIterable {
  /// Looks at stock: the first to be given up.
  case read
  /// Takes or changes stock.
  case change
  /// Gives stock back, or brings to an end what is under way: the last to be given up, since it makes
  /// room.
  case finish
  /// What operators need just then. Never given up, and not counted.
  case watch

  static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
}

extension Endpoint {
  /// Its answers may be long.
  var answersAtLength: Bool { urgency == .read || self == .batch }

  var urgency: Urgency {
    switch self {
    case .readSummary, .listEntries, .readEntry, .readHold, .listHolds, .listMovements, .events,
      .live, .readStore, .listStores, .readProduct, .listProducts, .listAllEntries,
      .listStoreEntries, .lowStock, .stats, .listStockedStores, .listLocations, .export, .page:
      .read
    case .set, .adjust, .reserve, .transfer, .batch, .hold, .extendHold, .putEntry, .deleteEntry,
      .putStore, .putProduct, .adminSet, .adminAdjust, .createKey:
      .change
    case .release, .fulfill, .releaseHold, .fulfillHold: .finish
    case .revokeKey, .listKeys, .verify, .health, .readiness, .metrics, .readSession, .signIn,
      .signOut, .none:
      .watch
    }
  }
}
