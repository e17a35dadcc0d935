/// One event of a stream of Server-Sent Events.
public struct ServerEvent: Equatable, Sendable {
  /// "movement", "low_stock" …
  public var name: String
  /// JSON.
  public var data: String
  /// Where to go on behind it.
  public var id: String

  public init(name: String, data: String, id: String) {
    self.name = name
    self.data = data
    self.id = id
  }
}

/// Takes a stream apart, line by line, as the HTML standard has it (9.2.6). An event counts when its
/// empty line is there: what a broken connection has cut off does not.
struct ServerEventParser {
  private var line: [UInt8] = []
  private var name = ""
  private var data: [String] = []
  /// The last `id` of a whole event, with data or without.
  private(set) var lastID = ""
  private var id: String?

  /// - Returns: the events that are whole now.
  mutating func take(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
    var events: [ServerEvent] = []
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty {
        if let event = dispatch() { events.append(event) }
      } else {
        read(String(decoding: line, as: UTF8.self))
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func read(_ line: String) {
    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var value = parts.count > 1 ? String(parts[1]) : ""
    if value.first == " " { value.removeFirst() }
    switch parts[0] {
    case "event": name = value
    case "data": data.append(value)
    case "id": id = value
    // Comments, which keep the connection alive, and `retry`.
    default: break
    }
  }

  private mutating func dispatch() -> ServerEvent? {
    if let id { lastID = id }
    defer {
      name = ""
      data = []
      id = nil
    }
    guard !data.isEmpty else { return nil }
    return ServerEvent(
      name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"), id: lastID)
  }
}
