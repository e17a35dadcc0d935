import StockCore
import StockEngine

/// What the administration looks at: everything, over all stores.
enum AdminQuery: Sendable {
  /// - of: the store that the path names: it has to exist.
  case entries(EntryQuery, of: StoreID?)
  case lowStock(EntryQuery)
  /// nil: of all stores.
  case stats(store: StoreID?)
  case stores(ListQueries.ShortPage, after: StoreID?)
  case locations(ListQueries.ShortPage, after: String?)

  func run(on engine: any Engine) async throws(Problem) -> ColdAnswer {
    let stores = engine.control.snapshot.stores
    switch self {
    case .entries(let query, let store):
      let page = try await Self.page(query, on: engine)
      if let store, stores[store] == nil, page.total == 0 {
        throw Problem(.storeNotFound, "No store has the id \(store).")
      }
      return ColdAnswer { writer in
        writer.append("{\"items\":[")
        for (index, item) in page.items.enumerated() {
          if index > 0 { writer.append(UInt8(ascii: ",")) }
          writer.append(item, storeName: stores[item.entry.store]?.name)
        }
        let next = page.next.map {
          Cursor.text($0, sort: query.sort, descending: query.descending)
        }
        writer.endList(total: page.total, limit: query.limit, next: next)
      }
    case .lowStock(let query):
      let page = try await Self.page(query, on: engine)
      return ColdAnswer { writer in
        writer.append("[")
        for (index, item) in page.items.enumerated() {
          if index > 0 { writer.append(UInt8(ascii: ",")) }
          writer.append(lowStock: item, storeName: stores[item.entry.store]?.name)
        }
        writer.append("]")
      }
    case .stats(let store):
      let overview = try await Self.overview(store, on: engine)
      return ColdAnswer { $0.append(overview) }
    case .stores(let query, let after):
      let overview = try await Self.overview(nil, on: engine)
      let rest = overview.stores.drop { $0.store <= after ?? 0 }
      let page = rest.prefix(query.limit)
      return ColdAnswer { writer in
        writer.append("{\"items\":[")
        for (index, item) in page.enumerated() {
          if index > 0 { writer.append(UInt8(ascii: ",")) }
          writer.append(item, name: stores[item.store]?.name)
        }
        let next = rest.count > page.count ? page.last.map { Cursor.text(store: $0.store) } : nil
        writer.endList(total: overview.stores.count, limit: query.limit, next: next)
      }
    case .locations(let query, let after):
      let overview = try await Self.overview(query.store, on: engine)
      let rest = overview.locations.drop { item in
        after.map { !$0.utf8.lexicographicallyPrecedes(item.location.utf8) } ?? false
      }
      let page = rest.prefix(query.limit)
      return ColdAnswer { writer in
        writer.append("{\"items\":[")
        for (index, item) in page.enumerated() {
          if index > 0 { writer.append(UInt8(ascii: ",")) }
          writer.append("{\"location\":")
          writer.append(json: item.location)
          writer.append(",\"total_entries\":")
          writer.append(Int64(item.entries))
          writer.append("}")
        }
        let next =
          rest.count > page.count ? page.last.map { Cursor.text(location: $0.location) } : nil
        writer.endList(total: overview.locations.count, limit: query.limit, next: next)
      }
    }
  }

  private static func page(
    _ query: EntryQuery, on engine: any Engine
  ) async throws(Problem) -> EntryPage {
    do { return try await engine.entries(query) } catch { throw ColdRequest.problem(error) }
  }

  private static func overview(
    _ store: StoreID?, on engine: any Engine
  ) async throws(Problem) -> StockOverview {
    do { return try await engine.overview(store: store) } catch {
      throw ColdRequest.problem(error)
    }
  }
}
