import NIOHTTP1

/// All routes: method, path, what it is about, who may. The paths most used come first.
struct RouteTable: Sendable {
  struct Row: Sendable {
    var method: HTTPMethod
    /// `{id}` stands for a number, and only at the end.
    var path: StaticString
    var endpoint: Endpoint
    var roles: RoleSet

    init(_ method: HTTPMethod, _ path: StaticString, _ endpoint: Endpoint, _ roles: RoleSet) {
      self.method = method
      self.path = path
      self.endpoint = endpoint
      self.roles = roles
    }
  }

  static let rows: [Row] = [
    Row(.POST, "/api/v1/store/inventory/reserve", .reserve, .sellers),
    Row(.POST, "/api/v1/store/inventory/release", .release, .sellers),
    Row(.POST, "/api/v1/store/inventory/fulfill", .fulfill, .sellers),
    Row(.POST, "/api/v1/store/inventory/set", .set, .keepers),
    Row(.POST, "/api/v1/store/inventory/adjust", .adjust, .keepers),
    Row(.POST, "/api/v1/store/inventory/transfer", .transfer, .keepers),
    // Each operation is judged by its own row as well.
    Row(.POST, "/api/v1/store/inventory/batch", .batch, .sellers),
    Row(.GET, "/api/v1/store/inventory/product/{id}", .readSummary, .all),
    Row(.GET, "/api/v1/store/inventory", .listEntries, .all),
    Row(.GET, "/api/v1/store/inventory/{id}", .readEntry, .all),
    Row(.PUT, "/api/v1/store/inventory/{id}", .putEntry, .keepers),
    Row(.DELETE, "/api/v1/store/inventory/{id}", .deleteEntry, .keepers),

    Row(.GET, "/api/v1/admin/products/{id}", .readProduct, .admin),
    Row(.PUT, "/api/v1/admin/products/{id}", .putProduct, .admin),
    Row(.GET, "/api/v1/admin/products", .listProducts, .admin),
    Row(.GET, "/api/v1/admin/stores/{id}", .readStore, .admin),
    Row(.PUT, "/api/v1/admin/stores/{id}", .putStore, .admin),
    Row(.GET, "/api/v1/admin/stores", .listStores, .admin),
    Row(.GET, "/api/v1/admin/keys", .listKeys, .admin),
    Row(.POST, "/api/v1/admin/keys", .createKey, .admin),
    Row(.DELETE, "/api/v1/admin/keys/{id}", .revokeKey, .admin),
    Row(.POST, "/api/v1/admin/verify", .verify, .admin),

    Row(.GET, "/healthz", .health, .anyone),
    Row(.GET, "/readyz", .readiness, .anyone),
  ]

  /// Who may use an endpoint.
  static func roles(of endpoint: Endpoint) -> RoleSet {
    rows.first { $0.endpoint == endpoint }?.roles ?? .admin
  }

  static let shared = RouteTable(rows)

  /// A path with all its methods.
  struct Path: Sendable {
    var prefix: StaticString
    var prefixLength: Int
    var endsWithID: Bool
    var rows: [Row]
    /// The value of an `Allow` header.
    var allow: String

    func row(for method: HTTPMethod) -> Row? {
      for row in rows where row.method == method { return row }
      return nil
    }
  }

  enum Match {
    case none
    /// `id` is 0 where the path has none.
    case path(Path, id: Int64)
    /// The path is known, but its number is not an id: beyond 2^53 − 1, 0, or with zeros in front.
    case badID(Path)
  }

  let paths: [Path]

  init(_ rows: [Row]) {
    var paths: [Path] = []
    for row in rows {
      let text = row.path.description
      let endsWithID = text.hasSuffix("{id}")
      let length = text.utf8.count - (endsWithID ? 4 : 0)
      let known = paths.firstIndex {
        $0.endsWithID == endsWithID && $0.prefixLength == length
          && $0.rows[0].path.description == text
      }
      if let known {
        paths[known].rows.append(row)
        paths[known].allow += ", " + row.method.rawValue
      } else {
        paths.append(
          Path(
            prefix: row.path, prefixLength: length, endsWithID: endsWithID, rows: [row],
            allow: row.method.rawValue))
      }
    }
    self.paths = paths
  }

  func match(_ target: UnsafeBufferPointer<UInt8>) -> Match {
    for index in paths.indices {
      let length = paths[index].prefixLength
      if paths[index].endsWithID {
        guard target.count > length, Self.begins(target, paths[index].prefix, length) else {
          continue
        }
        let segment = UnsafeBufferPointer(rebasing: target[length...])
        guard segment.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { continue }
        guard let id = Numerals.id(segment) else { return .badID(paths[index]) }
        return .path(paths[index], id: id)
      }
      if target.count == length, Self.begins(target, paths[index].prefix, length) {
        return .path(paths[index], id: 0)
      }
    }
    return .none
  }

  @inline(__always)
  private static func begins(
    _ target: UnsafeBufferPointer<UInt8>, _ prefix: StaticString, _ length: Int
  ) -> Bool {
    // From the end: all the paths begin alike.
    let start = prefix.utf8Start
    var index = length
    while index > 0 {
      index -= 1
      if target[index] != start[index] { return false }
    }
    return true
  }
}
