public import Logging

/// The library's log for people, on standard error, with nothing in it that begins another line or
/// tells a terminal what to do: names and texts of clients stand in messages and metadata.
public struct ConsoleLogHandler: LogHandler {
  private var inner: any LogHandler

  public init(label: String) {
    self.init(StreamLogHandler.standardError(label: label))
  }

  /// - Parameter inner: gets the messages, harmless.
  public init(_ inner: any LogHandler) { self.inner = inner }

  public var logLevel: Logger.Level {
    get { inner.logLevel }
    set { inner.logLevel = newValue }
  }

  public var metadata: Logger.Metadata {
    get { inner.metadata }
    set { inner.metadata = newValue.mapValues(Self.harmless) }
  }

  public var metadataProvider: Logger.MetadataProvider? {
    get { inner.metadataProvider }
    set { inner.metadataProvider = newValue }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { inner[metadataKey: key] }
    set { inner[metadataKey: key] = newValue.map(Self.harmless) }
  }

  public func log(event: LogEvent) {
    var event = event
    event.message = "\(Self.harmless("\(event.message)"))"
    var metadata = event.metadata?.mapValues(Self.harmless)
    if let error = event.error {
      event.error = nil
      metadata = (metadata ?? [:]).merging(["error": .string(Self.harmless("\(error)"))]) { $1 }
    }
    event.metadata = metadata
    inner.log(event: event)
  }

  private static func harmless(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
    switch value {
    case .string(let text): .string(harmless(text))
    case .stringConvertible(let value): .string(harmless("\(value)"))
    case .array(let values): .array(values.map(harmless))
    case .dictionary(let values): .dictionary(values.mapValues(harmless))
    }
  }

  /// Control characters and other ends of lines are written as `\u{…}`.
  static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      result +=
        isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(Character(scalar))
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
