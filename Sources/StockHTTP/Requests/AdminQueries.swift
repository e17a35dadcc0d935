import StockCore
import StockEngine

/// What the administration's lists take from the URL.
enum AdminQueries {
  static func request(_ request: Exchange, _ errors: inout FieldErrors) -> ColdRequest {
    let text = request.query
    switch request.endpoint {
    case .listAllEntries:
      return .admin(
        .entries(ListQueries.entries(text, scope: .any, takesStore: true, &errors), of: nil))
    case .listStoreEntries:
      return .admin(
        .entries(ListQueries.entries(text, scope: .only(request.id), &errors), of: request.id))
    case .lowStock: return .admin(.lowStock(ListQueries.lowStock(text, &errors)))
    case .stats: return .admin(.stats(store: ListQueries.stats(text, &errors)))
    case .listStockedStores:
      let page = ListQueries.short(text, allowed: [], &errors)
      return .admin(.stores(page, after: cursor(page, Cursor.store, &errors)))
    case .listLocations:
      let page = ListQueries.short(text, allowed: ["store_id"], &errors)
      return .admin(.locations(page, after: cursor(page, Cursor.location, &errors)))
    default:
      let page = ListQueries.short(
        text, allowed: ["search"], default: ListQueries.defaultLimit, &errors)
      return .listStores(page, after: cursor(page, Cursor.store, &errors))
    }
  }

  private static func cursor<Position>(
    _ page: ListQueries.ShortPage, _ decode: (String) -> Position?, _ errors: inout FieldErrors
  ) -> Position? {
    guard let text = page.cursor else { return nil }
    let position = decode(text)
    if position == nil { errors.add("cursor", "is not one of this list") }
    return position
  }
}
