public import StockTools

extension Change {
  private var name: String {
    switch self {
    case .set: "set"
    case .adjust: "adjust"
    case .reserve: "reserve"
    case .release: "release"
    case .fulfill: "fulfill"
    case .transfer: "transfer"
    }
  }

  /// The members of the body. Locations of campaigns have nothing that needs an escape.
  private func members(_ key: EntryKey) -> String {
    switch self {
    case .set(let quantity, let expectedVersion):
      let expectation = expectedVersion.map { ",\"expected_version\":\($0)" } ?? ""
      return
        "\"product_id\":\(key.product),\"location\":\"\(key.location)\",\"quantity\":\(quantity)"
        + expectation
    case .transfer(let units, let to):
      return
        "\"product_id\":\(key.product),\"from\":\"\(key.location)\",\"to\":\"\(to)\",\"quantity\":\(units)"
    case .adjust(let units), .reserve(let units), .release(let units), .fulfill(let units):
      return
        "\"product_id\":\(key.product),\"location\":\"\(key.location)\",\"quantity\":\(units)"
    }
  }

  /// The request that asks for it.
  public func request(on key: EntryKey) -> HTTPRequest {
    HTTPRequest(
      .post, "/api/v1/store/inventory/\(name)", body: Array("{\(members(key))}".utf8))
  }

  /// One request for many changes.
  public static func batch(_ changes: [(EntryKey, Change)]) -> HTTPRequest {
    let lines = changes.map { "{\"op\":\"\($1.name)\",\($1.members($0))}" }
    return HTTPRequest(
      .post, "/api/v1/store/inventory/batch",
      body: Array("{\"operations\":[\(lines.joined(separator: ","))]}".utf8))
  }
}
