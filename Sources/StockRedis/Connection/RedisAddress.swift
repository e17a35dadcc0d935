/// Where a Redis is, and as whom to speak to it.
///
/// Two forms: `redis://[user:password@]host[:port][/database]` and
/// `unix://[user:password@]/path/of/socket[?db=N]`. Parts may be percent-encoded.
public struct RedisAddress: Hashable, Sendable {
  public enum Endpoint: Hashable, Sendable {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }

  public var endpoint: Endpoint
  /// nil: Redis's default user.
  public var username: String?
  /// nil: no AUTH is sent.
  public var password: String?
  /// 0 or more.
  public var database: Int

  public init(
    endpoint: Endpoint, username: String? = nil, password: String? = nil, database: Int = 0
  ) {
    self.endpoint = endpoint
    self.username = username
    self.password = password
    self.database = database
  }

  /// - Throws: `RedisAddressError`, whose text never holds the password.
  public init(_ text: String) throws(RedisAddressError) {
    guard let scheme = text.firstRange(of: "://") else {
      throw RedisAddressError("must begin with redis:// or unix://")
    }
    let rest = text[scheme.upperBound...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var authority = rest[..<slash]
    self.username = nil
    self.password = nil
    // The last @: an unencoded one in a password is a common slip.
    if let at = authority.lastIndex(of: "@") {
      let user = authority[..<at]
      authority = authority[authority.index(after: at)...]
      let colon = user.firstIndex(of: ":") ?? user.endIndex
      guard colon < user.endIndex else {
        throw RedisAddressError("has a user without a password: write user:password@ or :password@")
      }
      let name = try Self.decode(user[..<colon], part: "user")
      self.username = name.isEmpty ? nil : name
      self.password = try Self.decode(user[user.index(after: colon)...], part: "password")
    }

    switch text[..<scheme.lowerBound].lowercased() {
    case "redis":
      self.endpoint = try Self.parseTCP(authority)
      self.database = try Self.parseDatabase(rest[slash...].dropFirst())
    case "unix":
      guard authority.isEmpty else {
        throw RedisAddressError("needs three slashes before a socket's path: unix:///path")
      }
      let parts = rest[slash...].split(separator: "?", maxSplits: 1)
      let path = try Self.decode(parts.first ?? "", part: "path")
      guard path.utf8.count > 1 else { throw RedisAddressError("has no path to a socket") }
      // The field for it in sockaddr_un is that long.
      guard path.utf8.count < 108 else {
        throw RedisAddressError("has a path to a socket that is over 107 bytes long")
      }
      self.endpoint = .unix(path: path)
      self.database = 0
      if parts.count == 2 {
        guard parts[1].hasPrefix("db=") else {
          throw RedisAddressError("may have ?db=N after the path, nothing else")
        }
        self.database = try Self.parseDatabase(parts[1].dropFirst(3))
      }
    case "rediss":
      throw RedisAddressError("asks for TLS, which is not supported: use redis:// or unix://")
    default:
      throw RedisAddressError("must begin with redis:// or unix://")
    }
  }

  private static func parseTCP(_ authority: Substring) throws(RedisAddressError) -> Endpoint {
    var host = authority
    var port = 6379
    // An IPv6 address stands in brackets, so the colon of a port comes after the last one.
    let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority[afterBracket...].lastIndex(of: ":") {
      host = authority[..<colon]
      guard let number = Int(authority[authority.index(after: colon)...]),
        number >= 1, number <= 65_535
      else { throw RedisAddressError("has a port that is not a number from 1 to 65535") }
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    let name = try decode(host, part: "host")
    guard !name.isEmpty else { throw RedisAddressError("has no host") }
    return .tcp(host: name, port: port)
  }

  private static func parseDatabase(_ text: Substring) throws(RedisAddressError) -> Int {
    if text.isEmpty { return 0 }
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(text),
      number <= Int(Int32.max)
    else { throw RedisAddressError("has a database that is not a number from 0") }
    return number
  }

  private static func decode(
    _ text: Substring, part: String
  ) throws(RedisAddressError) -> String {
    var bytes: [UInt8] = []
    var left = text.utf8
    while let byte = left.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = left.popFirst().flatMap(hexValue),
        let low = left.popFirst().flatMap(hexValue), high | low != 0
      else { throw RedisAddressError("has a % without two hex digits in its \(part)") }
      bytes.append(high << 4 | low)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw RedisAddressError("is not UTF-8 in its \(part)")
    }
    return decoded
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}

extension RedisAddress: CustomStringConvertible {
  /// The address with `***` for the password: fit for logs.
  public var description: String {
    let user = password == nil ? "" : "\(username ?? ""):***@"
    switch endpoint {
    case .tcp(let host, let port):
      let name = host.contains(":") ? "[\(host)]" : host
      return "redis://\(user)\(name):\(port)/\(database)"
    case .unix(let path):
      return "unix://\(user)\(path)" + (database == 0 ? "" : "?db=\(database)")
    }
  }
}

extension RedisAddress: CustomDebugStringConvertible, CustomReflectable {
  public var debugDescription: String { description }
  /// No children: a dump would show the password.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a text is no address of a Redis.
public struct RedisAddressError: Error, Equatable, CustomStringConvertible {
  public let reason: String

  init(_ reason: String) { self.reason = reason }

  public var description: String { "the Redis address \(reason)" }
}
