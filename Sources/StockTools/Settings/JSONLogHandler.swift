import Foundation
public import Logging

/// Writes each log message as one JSON object a line to standard error: `time`, `level`, `logger`,
/// `message`, then the metadata, with `meta_` before names that are taken.
public struct JSONLogHandler: LogHandler {
  private let label: String
  private let write: @Sendable (String) -> Void

  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?

  public init(label: String) {
    self.init(label: label) { StandardError.write($0) }
  }

  /// - Parameter write: gets a line, with its end.
  public init(label: String, write: @escaping @Sendable (String) -> Void) {
    self.label = label
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var all = metadata
    all.merge(metadataProvider?.get() ?? [:]) { _, new in new }
    all.merge(event.metadata ?? [:]) { _, new in new }
    if let error = event.error { all["error"] = "\(error)" }
    var line = #"{"time":"\#(Self.time())","level":"\#(event.level.rawValue)""#
    line += #","logger":\#(Self.quoted(label)),"message":\#(Self.quoted("\(event.message)"))"#
    let taken: Set = ["time", "level", "logger", "message"]
    for (name, value) in all.sorted(by: { $0.key < $1.key }) {
      line += ",\(Self.quoted(taken.contains(name) ? "meta_\(name)" : name)):\(Self.text(value))"
    }
    write(line + "}\n")
  }

  private static func text(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .stringConvertible(let value): quoted("\(value)")
    case .array(let values): "[\(values.map(text).joined(separator: ","))]"
    case .dictionary(let values):
      "{"
        + values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text($0.value))" }
        .joined(separator: ",") + "}"
    }
  }

  /// RFC 3339, UTC, milliseconds.
  private static func time() -> String {
    Date.now.formatted(
      .iso8601.year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: true)
        .timeSeparator(.colon).timeZone(separator: .omitted))
  }

  /// A JSON string (RFC 8259, section 7): nothing in it can end the line or the object.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{0}"..<"\u{20}", "\u{7F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
