import NIOHTTP1
import StockCore

/// All routes: method, path, what it is about, who may. The paths most used come first.
struct RouteTable: Sendable {
  struct Row: Sendable {
    var method: HTTPMethod
    /// `{id}` stands for a number, and only at the end; `{reservation}` for a reservation's id, behind
    /// which more may follow.
    var path: StaticString
    var endpoint: Endpoint
    var roles: RoleSet

    init(_ method: HTTPMethod, _ path: StaticString, _ endpoint: Endpoint, _ roles: RoleSet) {
      self.method = method
      self.path = path
      self.endpoint = endpoint
      self.roles = roles
    }

    /// A stream's response has no end, so there is none to leave out.
    var takesHead: Bool { method == .GET && !endpoint.isStream }
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
    Row(.POST, "/api/v1/store/reservations", .hold, .sellers),
    Row(.GET, "/api/v1/store/reservations", .listHolds, .all),
    Row(.GET, "/api/v1/store/reservations/{reservation}", .readHold, .all),
    Row(.POST, "/api/v1/store/reservations/{reservation}/fulfill", .fulfillHold, .sellers),
    Row(.POST, "/api/v1/store/reservations/{reservation}/release", .releaseHold, .sellers),
    Row(.POST, "/api/v1/store/reservations/{reservation}/extend", .extendHold, .sellers),
    Row(.GET, "/api/v1/store/inventory/product/{id}", .readSummary, .all),
    Row(.GET, "/api/v1/store/inventory", .listEntries, .all),
    Row(.GET, "/api/v1/store/inventory/movements", .listMovements, .all),
    Row(.GET, "/api/v1/store/inventory/events", .events, .all),
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
    Row(.POST, "/api/v1/admin/inventory/set", .adminSet, .admin),
    Row(.POST, "/api/v1/admin/inventory/adjust", .adminAdjust, .admin),
    Row(.GET, "/api/v1/admin/inventory", .listAllEntries, .admin),
    Row(.GET, "/api/v1/admin/inventory/stats", .stats, .admin),
    Row(.GET, "/api/v1/admin/inventory/low-stock", .lowStock, .admin),
    Row(.GET, "/api/v1/admin/inventory/stores", .listStockedStores, .admin),
    Row(.GET, "/api/v1/admin/inventory/locations", .listLocations, .admin),
    Row(.GET, "/api/v1/admin/inventory/stores/{id}", .listStoreEntries, .admin),
    Row(.GET, "/api/v1/admin/inventory/products/{id}", .readSummary, .admin),
    Row(.GET, "/api/v1/admin/inventory/{id}", .readEntry, .admin),
    Row(.PUT, "/api/v1/admin/inventory/{id}", .putEntry, .admin),
    Row(.DELETE, "/api/v1/admin/inventory/{id}", .deleteEntry, .admin),
    Row(.GET, "/api/v1/admin/inventory/movements", .listMovements, .admin),
    Row(.GET, "/api/v1/admin/inventory/events", .events, .admin),
    Row(.GET, "/api/v1/admin/inventory/live", .live, .admin),
    Row(.POST, "/api/v1/admin/verify", .verify, .admin),
    Row(.GET, "/api/v1/admin/export", .export, .admin),

    Row(.GET, "/healthz", .health, .anyone),
    Row(.GET, "/readyz", .readiness, .anyone),
    // Whether it needs a key, a setting says.
    Row(.GET, "/metrics", .metrics, .anyone),
    // The web page; its other files are found by their names (`PageFile`).
    Row(.GET, "/admin/inventory", .page, .anyone),
    Row(.GET, "/admin/session", .readSession, .anyone),
    Row(.POST, "/admin/session", .signIn, .anyone),
    Row(.DELETE, "/admin/session", .signOut, .anyone),
  ]

  /// Who may use an endpoint.
  static func roles(of endpoint: Endpoint) -> RoleSet {
    rows.first { $0.endpoint == endpoint }?.roles ?? .admin
  }

  static let shared = RouteTable(rows)

  /// What stands where a path has no fixed text.
  enum Placeholder: Sendable {
    case none, number, reservation

    var text: String {
      switch self {
      case .none: ""
      case .number: "{id}"
      case .reservation: "{reservation}"
      }
    }
  }

  /// A path with all its methods. A class: each request is handed one.
  final class Path: Sendable {
    /// Up to the placeholder, or all of it.
    let prefix: StaticString
    let prefixLength: Int
    let placeholder: Placeholder
    /// What follows behind a reservation's id, with its slash; else empty.
    let suffix: String
    let rows: [Row]
    /// The value of an `Allow` header.
    let allow: String

    init(
      _ prefix: StaticString, length: Int, _ placeholder: Placeholder, suffix: String, _ rows: [Row]
    ) {
      self.prefix = prefix
      self.prefixLength = length
      self.placeholder = placeholder
      self.suffix = suffix
      self.rows = rows
      allow = rows.map { $0.takesHead ? "GET, HEAD" : $0.method.rawValue }
        .joined(separator: ", ")
    }

    func row(for method: HTTPMethod) -> Row? {
      for row in rows where row.method == method { return row }
      // The same response without its body.
      return method == .HEAD ? rows.first { $0.takesHead } : nil
    }
  }

  enum Match {
    case none
    /// `id` is 0, and `reservation` empty, where the path has none.
    case path(Path, id: Int64, reservation: HoldID)
    /// The path is known, but what it names cannot be: a number beyond 2^53 − 1, 0, or with zeros in
    /// front; bytes that no reservation's id has.
    case badID(Path)
  }

  let paths: [Path]

  init(_ rows: [Row]) {
    var paths: [Path] = []
    var seen: Set<String> = []
    for row in rows {
      let text = row.path.description
      guard seen.insert(text).inserted else { continue }
      let placeholder: Placeholder =
        text.hasSuffix("{id}") ? .number : text.contains("{reservation}") ? .reservation : .none
      let parts = text.split(
        separator: placeholder == .none ? "\0" : placeholder.text, omittingEmptySubsequences: false)
      paths.append(
        Path(
          row.path, length: parts[0].utf8.count, placeholder,
          suffix: parts.count > 1 ? String(parts[1]) : "",
          rows.filter { $0.path.description == text }))
    }
    self.paths = paths
  }

  func match(_ target: UnsafeBufferPointer<UInt8>) -> Match {
    for path in paths {
      let length = path.prefixLength
      switch path.placeholder {
      case .none:
        if target.count == length, Self.begins(target, path.prefix, length) {
          return .path(path, id: 0, reservation: "")
        }
      case .number:
        guard target.count > length, Self.begins(target, path.prefix, length) else {
          continue
        }
        let segment = UnsafeBufferPointer(rebasing: target[length...])
        guard segment.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { continue }
        guard let id = Numerals.id(segment) else { return .badID(path) }
        return .path(path, id: id, reservation: "")
      case .reservation:
        guard target.count > length, Self.begins(target, path.prefix, length),
          let segment = Self.segment(target, length, path.suffix)
        else { continue }
        guard let id = Self.holdID(segment) else { return .badID(path) }
        return .path(path, id: 0, reservation: id)
      }
    }
    return .none
  }

  /// The bytes between a prefix and a suffix, if they are one segment of a path.
  private static func segment(
    _ target: UnsafeBufferPointer<UInt8>, _ start: Int, _ suffix: String
  ) -> UnsafeBufferPointer<UInt8>? {
    let end = target.count - suffix.utf8.count
    guard end > start, target[end...].elementsEqual(suffix.utf8) else { return nil }
    let segment = UnsafeBufferPointer(rebasing: target[start..<end])
    return segment.contains(UInt8(ascii: "/")) ? nil : segment
  }

  /// A reservation's id as it stands in a path: clients may percent-encode what needs it not, the `:`.
  private static func holdID(_ segment: UnsafeBufferPointer<UInt8>) -> HoldID? {
    guard segment.contains(UInt8(ascii: "%")) else { return HoldIDText.check(segment) }
    guard !segment.contains(UInt8(ascii: "+")),
      var text = QueryString.decode(String(decoding: segment, as: UTF8.self))
    else { return nil }
    return text.withUTF8 { HoldIDText.check($0) }
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
