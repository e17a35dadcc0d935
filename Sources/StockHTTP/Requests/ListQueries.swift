import StockCore
import StockEngine

/// What lists take from the URL.
enum ListQueries {
  static let limits: ClosedRange<Int64> = 1...500
  static let defaultLimit: Int64 = 50
  /// The longest that can be found: a title.
  static let maxSearchBytes = Bounds.maxTitleBytes

  private static let entryParameters: [StaticString] = [
    "product_id", "location", "low_stock", "search", "sort", "limit", "cursor",
  ]

  /// `GET /api/v1/store/inventory`.
  ///
  /// - Parameter takesStore: the caller may say of which store (`store_id`).
  static func entries(
    _ text: String?, scope: StoreScope, takesStore: Bool = false, _ errors: inout FieldErrors
  ) -> EntryQuery {
    let query = QueryString(
      text, allowed: entryParameters + (takesStore ? ["store_id"] : []), &errors)
    var result = EntryQuery(scope: scope)
    if let store = store(query, &errors) { result.scope = .only(store) }
    result.product = query.integer("product_id", in: 1...Bounds.maxID, &errors)
    result.location = location(query, &errors)
    result.lowStock = query.integer("low_stock", in: 0...Bounds.maxQuantity, &errors)
    result.search = search(query, &errors)
    if let sort = query.text("sort") {
      result.descending = sort.hasPrefix("-")
      let name = result.descending ? String(sort.dropFirst()) : sort
      if let key = EntrySort(rawValue: name) {
        result.sort = key
      } else {
        let names = EntrySort.allCases.map(\.rawValue).joined(separator: ", ")
        errors.add("sort", "must be one of \(names), with '-' in front for descending")
      }
    }
    result.limit = limit(query, &errors)
    if let cursor = query.text("cursor") {
      result.after = Cursor.entry(cursor, sort: result.sort, descending: result.descending)
      if result.after == nil { errors.add("cursor", "is not one of this list and order") }
    }
    return result
  }

  /// `GET /api/v1/admin/export`. The limit is on rows that are looked at: a page may have fewer items,
  /// even none, and is the last only if `next_cursor` is null.
  static func export(
    _ text: String?, desk: ExportDesk, _ errors: inout FieldErrors
  ) -> ColdRequest {
    let query = QueryString(text, allowed: ["store_id", "limit", "cursor"], &errors)
    let store = query.integer("store_id", in: 1...Bounds.maxID, &errors)
    let rows = Int(query.integer("limit", in: 1...10_000, &errors) ?? 5_000)
    var position: ExportDesk.Position?
    if let cursor = query.text("cursor") {
      position = ExportDesk.Position(cursor)
      if position == nil { errors.add("cursor", "is not one of this list") }
    }
    return .export(desk, from: position, rows: rows, store: store)
  }

  /// `GET /api/v1/admin/inventory/low-stock`: the entries with the least available first.
  static func lowStock(_ text: String?, _ errors: inout FieldErrors) -> EntryQuery {
    let query = QueryString(
      text, allowed: ["threshold", "store_id", "location", "limit"], &errors)
    var result = EntryQuery(scope: .any, sort: .available)
    if let store = store(query, &errors) { result.scope = .only(store) }
    result.location = location(query, &errors)
    result.lowStock =
      query.integer("threshold", in: 0...Bounds.maxQuantity, &errors) ?? Bounds.lowStock
    result.limit = limit(query, default: limits.upperBound, &errors)
    return result
  }

  /// Lists of few, short items: stores, locations. All that fit on a page, if nobody says otherwise.
  struct ShortPage: Sendable {
    var store: StoreID?
    var search: TextNeedle?
    var limit = 0
    var cursor: String?
  }

  static func short(
    _ text: String?, allowed: [StaticString], default number: Int64 = limits.upperBound,
    _ errors: inout FieldErrors
  ) -> ShortPage {
    let query = QueryString(text, allowed: ["limit", "cursor"] + allowed, &errors)
    var result = ShortPage()
    result.store = store(query, &errors)
    result.search = search(query, &errors).map { TextNeedle($0) }
    result.limit = limit(query, default: number, &errors)
    result.cursor = query.text("cursor")
    return result
  }

  /// `GET /api/v1/admin/inventory/stats`: nil for all stores.
  static func stats(_ text: String?, _ errors: inout FieldErrors) -> StoreID? {
    store(QueryString(text, allowed: ["store_id"], &errors), &errors)
  }

  /// `GET /api/v1/admin/products`.
  static func products(_ text: String?, _ errors: inout FieldErrors) -> ProductQuery {
    let query = QueryString(text, allowed: ["store_id", "search", "limit", "cursor"], &errors)
    var result = ProductQuery()
    result.store = store(query, &errors)
    result.search = search(query, &errors)
    result.limit = limit(query, &errors)
    if let cursor = query.text("cursor") {
      result.after = Cursor.product(cursor)
      if result.after == nil { errors.add("cursor", "is not one of this list") }
    }
    return result
  }

  static func limit(
    _ query: QueryString, default number: Int64 = defaultLimit, _ errors: inout FieldErrors
  ) -> Int {
    Int(query.integer("limit", in: limits, &errors) ?? number)
  }

  private static func store(_ query: QueryString, _ errors: inout FieldErrors) -> StoreID? {
    query.integer("store_id", in: 1...Bounds.maxID, &errors)
  }

  private static func location(_ query: QueryString, _ errors: inout FieldErrors) -> String? {
    guard let text = query.text("location") else { return nil }
    let location = LocationName.normalize(text)
    if location == nil { errors.add("location", JSONReader.locationMessage) }
    return location
  }

  private static func search(_ query: QueryString, _ errors: inout FieldErrors) -> String? {
    guard let text = query.text("search") else { return nil }
    guard (1...maxSearchBytes).contains(text.utf8.count) else {
      errors.add("search", "must have 1 to \(maxSearchBytes) bytes")
      return nil
    }
    return text
  }
}
