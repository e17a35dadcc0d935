import Foundation

/// Where an engine is: http only, for loopback and local networks.
public struct EngineURL: Equatable, CustomStringConvertible, Sendable {
  public let host: String
  public let port: Int

  /// - Throws: `ToolError` unless `text` is http://HOST[:PORT], with nothing behind it but a slash.
  public init(_ text: String) throws(ToolError) {
    guard let parts = URLComponents(string: text), parts.scheme?.lowercased() == "http",
      let host = parts.host, !host.isEmpty, parts.path.isEmpty || parts.path == "/",
      parts.query == nil, parts.user == nil, (1...65_535).contains(parts.port ?? 80)
    else {
      throw ToolError("--url must be http://HOST:PORT, and \"\(text)\" is not")
    }
    // URLComponents keeps the brackets of an IPv6 address.
    self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    self.port = parts.port ?? 80
  }

  /// What the `Host` header says.
  var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  public var description: String { "http://\(authority)" }
}
