import StockCore
import StockEngine

/// A request that may wait: lists, catalogue, keys, checks. It runs in a task of its own, away from
/// the loops, and hands back a finished answer.
enum ColdRequest: Sendable {
  case listEntries(EntryQuery)
  case listProducts(ProductQuery)
  case listHolds(HoldQuery)
  case listMovements(MovementQuery)
  case listStores(ListQueries.ShortPage, after: StoreID?)
  case admin(AdminQuery)
  case readStore(StoreID)
  case putStore(StoreID, StoreForm)
  case createKey(KeyForm)
  case listKeys
  case revokeKey(Int64)
  case verify(repair: Bool)
  case readiness
  case metrics(MetricsSource)
  case export(ExportDesk, from: ExportDesk.Position?, rows: Int, store: StoreID?)
}

/// What a cold request ended with.
struct ColdAnswer: Sendable {
  var status: Int
  /// Empty with 204.
  var body: [UInt8]
  var isProblem: Bool
  /// Plain text, not JSON.
  var isText = false
  /// Why it was refused.
  var problem: ProblemCode?
  /// The id of what was made.
  var madeID: Int64?

  /// - Parameter write: the body.
  init(_ status: Int = 200, _ write: (inout ByteWriter) -> Void) {
    var writer = ByteWriter()
    write(&writer)
    self.status = status
    self.body = writer.array
    self.isProblem = false
  }

  init(_ problem: Problem) {
    self.init(problem.code.status) { $0.append(problem) }
    isProblem = true
    self.problem = problem.code
  }
}

extension ColdRequest {
  func run(on engine: any Engine) async -> ColdAnswer {
    do throws(Problem) {
      switch self {
      case .listEntries(let query): return try await Self.list(query, on: engine)
      case .listProducts(let query): return try await Self.list(query, on: engine)
      case .listHolds(let query): return try await Self.list(query, on: engine)
      case .listMovements(let query): return try await Self.list(query, on: engine)
      case .listStores(let page, let after):
        return Self.listStores(engine.control.snapshot, page, after: after)
      case .admin(let query): return try await query.run(on: engine)
      case .readStore(let id):
        guard let store = engine.control.snapshot.stores[id] else {
          throw Problem(.storeNotFound, "No store has the id \(id).")
        }
        return ColdAnswer { $0.append(store) }
      case .putStore(let id, let form): return try await Self.put(form, id: id, on: engine)
      case .createKey(let form): return try await Self.create(form, on: engine)
      case .listKeys:
        let keys = engine.control.snapshot.keys.values.sorted { $0.id < $1.id }
        let uses = engine.control.lastUses
        return ColdAnswer { writer in
          writer.append("{\"items\":[")
          for (index, key) in keys.enumerated() {
            if index > 0 { writer.append(UInt8(ascii: ",")) }
            writer.append(key, lastUse: uses[key.id])
          }
          writer.append("]}")
        }
      case .revokeKey(let id): return try await Self.revoke(id, on: engine)
      case .verify(let repair):
        let report: VerifyReport
        do { report = try await engine.verify(repair: repair) } catch { throw Self.problem(error) }
        return ColdAnswer { $0.append(report, isRepaired: repair) }
      case .readiness:
        let health = await engine.health()
        return ColdAnswer(health.isServing ? 200 : 503) { $0.append(health) }
      case .export(let desk, let position, let rows, let store):
        return try await desk.page(from: position, rows: rows, store: store, of: engine)
      case .metrics(let source):
        let text = await source.text(of: engine)
        var answer = ColdAnswer { writer in text.withUnsafeBytes { writer.append($0) } }
        answer.isText = true
        return answer
      }
    } catch {
      return ColdAnswer(error)
    }
  }

  private static func list(
    _ query: EntryQuery, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let page: EntryPage
    do { page = try await engine.entries(query) } catch { throw problem(error) }
    return ColdAnswer { writer in
      writer.append("{\"items\":[")
      for (index, entry) in page.items.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(entry.entry)
      }
      let next = page.next.map {
        Cursor.text($0, sort: query.sort, descending: query.descending)
      }
      writer.endList(total: page.total, limit: query.limit, next: next)
    }
  }

  private static func list(
    _ query: ProductQuery, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let page: ProductPage
    do { page = try await engine.products(query) } catch { throw problem(error) }
    return ColdAnswer { writer in
      writer.append("{\"items\":[")
      for (index, product) in page.items.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(product)
      }
      writer.endList(
        total: page.total, limit: query.limit, next: page.next.map { Cursor.text(product: $0) })
    }
  }

  private static func list(
    _ query: HoldQuery, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let page: HoldPage
    do { page = try await engine.holds(query) } catch { throw problem(error) }
    return ColdAnswer { writer in
      writer.append("{\"items\":[")
      for (index, hold) in page.items.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(hold)
      }
      writer.endList(
        total: page.total, limit: query.limit, next: page.next.map { Cursor.text($0) })
    }
  }

  private static func list(
    _ query: MovementQuery, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let page: MovementPage
    do { page = try await engine.movements(query) } catch { throw problem(error) }
    return ColdAnswer { writer in
      writer.append("{\"items\":[")
      for (index, item) in page.items.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(item.entry, shard: item.shard, sequence: item.sequence)
      }
      // How many there are in all, nobody counts.
      writer.append("],\"limit\":")
      writer.append(Int64(query.limit))
      writer.append(",\"next_cursor\":")
      writer.appendText(page.next.map { Cursor.text($0) } ?? "")
      writer.append("}")
    }
  }

  private static func listStores(
    _ snapshot: ControlSnapshot, _ query: ListQueries.ShortPage, after: StoreID?
  ) -> ColdAnswer {
    var stores = Array(snapshot.stores.values)
    if let needle = query.search { stores.removeAll { !needle.isIn($0.name) } }
    let total = stores.count
    stores.removeAll { $0.id <= after ?? 0 }
    stores.sort { $0.id < $1.id }
    let page = stores.prefix(query.limit)
    return ColdAnswer { writer in
      writer.append("{\"items\":[")
      for (index, store) in page.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(store)
      }
      let next = stores.count > page.count ? page.last.map { Cursor.text(store: $0.id) } : nil
      writer.endList(total: total, limit: query.limit, next: next)
    }
  }

  private static func put(
    _ form: StoreForm, id: StoreID, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let result: (store: Store, created: Bool)
    do {
      result = try await engine.control.putStore(
        id: id, name: form.name, locationPriority: form.locationPriority, strategy: form.strategy)
    } catch { throw problem(error) }
    return ColdAnswer(result.created ? 201 : 200) { $0.append(result.store) }
  }

  private static func create(
    _ form: KeyForm, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let token = Token.make()
    let key: APIKey
    do {
      key = try await engine.control.createKey(
        role: form.role, store: form.store, name: form.name, digest: Token.digest(token.utf8),
        expiresAt: form.expiresAt, rateLimit: form.rateLimit)
    } catch { throw problem(error) }
    var answer = ColdAnswer(201) { $0.append(key, token: token) }
    answer.madeID = key.id
    return answer
  }

  private static func revoke(
    _ id: Int64, on engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let existed: Bool
    do { existed = try await engine.control.revokeKey(id: id) } catch { throw problem(error) }
    guard existed else { throw Problem(.keyNotFound, "No key has the id \(id).") }
    return ColdAnswer(204) { _ in }
  }

  static func problem(_ error: EngineError) -> Problem {
    switch error {
    case .unavailable(let reason): Problem(.storeUnavailable, reason)
    }
  }

  private static func problem(_ error: ControlError) -> Problem {
    switch error {
    case .unknownStore(let id): .invalid("store_id", "names a store that does not exist: \(id)")
    case .tooMany: Problem(.overloaded, "There are as many as the engine takes.")
    case .storeUnavailable:
      Problem(.storeUnavailable, "Nothing has changed. Ask again in a moment.")
    case .outcomeUnknown:
      Problem(.outcomeUnknown, "Look whether the change was made before asking again.")
    }
  }
}
