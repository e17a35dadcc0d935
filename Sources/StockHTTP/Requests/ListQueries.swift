import StockCore
import StockEngine

/// What lists take from the URL.
enum ListQueries {
  static let limits: ClosedRange<Int64> = 1...500
  static let defaultLimit: Int64 = 50
  /// The longest that can be found: a title.
  static let maxSearchBytes = Bounds.maxTitleBytes

  /// `GET /api/v1/store/inventory`.
  static func entries(
    _ text: String?, scope: StoreScope, _ errors: inout FieldErrors
  ) -> EntryQuery {
    let query = QueryString(
      text,
      allowed: ["product_id", "location", "low_stock", "search", "sort", "limit", "cursor"],
      &errors)
    var result = EntryQuery(scope: scope)
    result.product = query.integer("product_id", in: 1...Bounds.maxID, &errors)
    if let location = query.text("location") {
      result.location = LocationName.normalize(location)
      if result.location == nil { errors.add("location", JSONReader.locationMessage) }
    }
    result.lowStock = query.integer("low_stock", in: 0...Bounds.maxQuantity, &errors)
    result.search = search(query, &errors)
    if let sort = query.text("sort") {
      result.descending = sort.hasPrefix("-")
      let name = result.descending ? String(sort.dropFirst()) : sort
      if let key = EntryQuery.SortKey(rawValue: name) {
        result.sort = key
      } else {
        let names = EntryQuery.SortKey.allCases.map(\.rawValue).joined(separator: ", ")
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

  /// `GET /api/v1/admin/products`.
  static func products(_ text: String?, _ errors: inout FieldErrors) -> ProductQuery {
    let query = QueryString(text, allowed: ["store_id", "search", "limit", "cursor"], &errors)
    var result = ProductQuery()
    result.store = query.integer("store_id", in: 1...Bounds.maxID, &errors)
    result.search = search(query, &errors)
    result.limit = limit(query, &errors)
    if let cursor = query.text("cursor") {
      result.after = Cursor.product(cursor)
      if result.after == nil { errors.add("cursor", "is not one of this list") }
    }
    return result
  }

  /// `GET /api/v1/admin/stores`.
  static func stores(
    _ text: String?, _ errors: inout FieldErrors
  ) -> (limit: Int, after: StoreID?) {
    let query = QueryString(text, allowed: ["limit", "cursor"], &errors)
    let limit = limit(query, &errors)
    guard let cursor = query.text("cursor") else { return (limit, nil) }
    let after = Cursor.store(cursor)
    if after == nil { errors.add("cursor", "is not one of this list") }
    return (limit, after)
  }

  static func limit(_ query: QueryString, _ errors: inout FieldErrors) -> Int {
    Int(query.integer("limit", in: limits, &errors) ?? defaultLimit)
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
