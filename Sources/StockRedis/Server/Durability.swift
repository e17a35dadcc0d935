/// What has happened to a change when its answer is sent.
public enum Durability: Hashable, Sendable {
  /// Redis has it, and fsyncs within about a second. Survives any crash of the engine and of
  /// redis-server; a host that loses power may lose about the last two seconds.
  case everysec
  /// Redis has fsynced it.
  case always
  /// So many replicas have received it (WAIT); they may not have fsynced it. 1 to 16.
  case replicas(Int)

  /// `everysec`, `always` or `replicas:N`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "everysec": self = .everysec
    case "always": self = .always
    default:
      guard text.hasPrefix("replicas:"), let count = Int(text.dropFirst(9)),
        (1...16).contains(count), String(count) == text.dropFirst(9)
      else { return nil }
      self = .replicas(count)
    }
  }

  /// The `appendfsync` that it needs.
  public var appendfsync: String {
    switch self {
    case .everysec, .replicas: "everysec"
    case .always: "always"
    }
  }
}

extension Durability: CustomStringConvertible {
  public var description: String {
    switch self {
    case .everysec: "everysec"
    case .always: "always"
    case .replicas(let count): "replicas:\(count)"
    }
  }
}
