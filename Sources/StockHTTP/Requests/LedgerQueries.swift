import StockCore
import StockEngine

/// What the lists of reservations and of movements, and the stream of events, take from the URL.
enum LedgerQueries {
  /// `GET /api/v1/store/reservations`.
  static func holds(_ text: String?, scope: StoreScope, _ errors: inout FieldErrors) -> HoldQuery {
    let query = QueryString(
      text, allowed: ["order_id", "status", "product_id", "limit", "cursor"], &errors)
    var result = HoldQuery(scope: scope)
    result.order = reference("order_id", query, bytes: Bounds.maxReferenceBytes, &errors)
    if let name = query.text("status") {
      result.status = HoldStatus(name: name)
      // One that is still being made is nobody's business.
      if result.status == nil || result.status == .preparing {
        errors.add("status", "must be held, fulfilled, released or expired")
      }
    }
    result.product = query.integer("product_id", in: 1...Bounds.maxID, &errors)
    result.limit = ListQueries.limit(query, &errors)
    if let cursor = query.text("cursor") {
      result.after = Cursor.hold(cursor)
      if result.after == nil { errors.add("cursor", "is not one of this list") }
    }
    return result
  }

  /// `GET /api/v1/store/inventory/movements`, and the admin's.
  ///
  /// - Parameter shardCount: a cursor has a position for each shard.
  static func movements(
    _ text: String?, scope: StoreScope, shardCount: Int, _ errors: inout FieldErrors
  ) -> MovementQuery {
    let query = QueryString(
      text,
      allowed: [
        "store_id", "product_id", "location", "kind", "reference", "since", "limit", "cursor",
      ], &errors)
    let filter = filter(query, scope: scope, &errors)
    var result = MovementQuery(
      scope: filter.scope, product: filter.product, location: filter.location, kind: filter.kind)
    result.reference = reference("reference", query, bytes: Bounds.maxNoteBytes, &errors)
    if let since = query.text("since") {
      result.since = CivilTime.parse(since)
      if result.since == nil { errors.add("since", CivilTime.message) }
    }
    result.limit = ListQueries.limit(query, &errors)
    if let cursor = query.text("cursor") {
      let count = result.product == nil ? shardCount : 1
      result.after = Cursor.movements(cursor, count: count)
      if result.after == nil { errors.add("cursor", "is not one of this list and filter") }
    }
    return result
  }

  /// `GET /api/v1/store/inventory/events`, and the admin's.
  ///
  /// - Parameter lastEventID: the header's.
  static func events(
    _ text: String?, lastEventID: String?, scope: StoreScope, shardCount: Int,
    _ errors: inout FieldErrors
  ) -> (filter: MovementFilter, position: EventPosition?) {
    let query = QueryString(
      text, allowed: ["store_id", "product_id", "location", "kind", "last_event_id"], &errors)
    let filter = filter(query, scope: scope, &errors)
    // The header is what a client that reconnects by itself sends: its position is the later one.
    let given = lastEventID.map { ("Last-Event-ID", $0) }
    guard let (name, id) = given ?? query.text("last_event_id").map({ ("last_event_id", $0) }),
      !id.isEmpty
    else { return (filter, nil) }
    let position = EventPosition(id, shardCount: shardCount)
    if position == nil { errors.add(name, "is not the id of an event of this engine") }
    return (filter, position)
  }

  private static func filter(
    _ query: QueryString, scope: StoreScope, _ errors: inout FieldErrors
  ) -> MovementFilter {
    var filter = MovementFilter(scope: scope)
    if let store = query.integer("store_id", in: 1...Bounds.maxID, &errors) {
      // Another's store has no movements that a caller may see.
      if scope.allows(store) {
        filter.scope = .only(store)
      } else {
        errors.add("store_id", "must be your own store, or left out")
      }
    }
    filter.product = query.integer("product_id", in: 1...Bounds.maxID, &errors)
    if let location = query.text("location") {
      filter.location = LocationName.normalize(location)
      if filter.location == nil { errors.add("location", JSONReader.locationMessage) }
    }
    if let name = query.text("kind") {
      filter.kind = Movement.Kind(name: name)
      if filter.kind == nil {
        let names = Movement.Kind.allCases.map(\.name).joined(separator: ", ")
        errors.add("kind", "must be one of \(names)")
      }
    }
    return filter
  }

  private static func reference(
    _ name: String, _ query: QueryString, bytes: Int, _ errors: inout FieldErrors
  ) -> String? {
    guard let text = query.text(name) else { return nil }
    guard (1...bytes).contains(text.utf8.count) else {
      errors.add(name, "must have 1 to \(bytes) bytes")
      return nil
    }
    return text
  }
}

/// Which movements a reader wants, and may see.
struct MovementFilter: Equatable, Sendable {
  var scope: StoreScope
  var product: ProductID?
  /// Normalised.
  var location: String?
  var kind: Movement.Kind?

  func takes(_ entry: LedgerEntry) -> Bool {
    guard scope.allows(entry.store) else { return false }
    if let product, entry.product != product { return false }
    if let kind, entry.kind != kind { return false }
    if let location, entry.location != location { return false }
    return true
  }
}
