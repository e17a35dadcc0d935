import Configuration

/// Reads single settings and names the flag where a value cannot be.
struct SettingReader {
  let config: ConfigReader

  /// Of all providers the first that has a value decides, even where the value is of a wrong kind.
  private func value<Value>(
    _ name: String, _ mustBe: String, _ read: (ConfigKey) throws -> Value
  ) throws -> Value? {
    do {
      return try read(ConfigKey([name]))
    } catch {
      // The reader has one error for "not there" and "no such kind": as text every value can be read
      // but one of another kind in the file.
      if isAbsent(name) { return nil }
      throw ToolError("--\(name) must be \(mustBe) (\(error))")
    }
  }

  private func isAbsent(_ name: String) -> Bool {
    let key = ConfigKey([name])
    return config.string(forKey: key) == nil && config.int(forKey: key) == nil
      && config.double(forKey: key) == nil && config.bool(forKey: key) == nil
  }

  func string(_ name: String) throws -> String? {
    let text = try value(name, "a text") { try config.requiredString(forKey: $0) }
    guard text != "" else { throw ToolError("--\(name) must not be empty") }
    return text
  }

  func bool(_ name: String) throws -> Bool? {
    try value(name, "true or false") { try config.requiredBool(forKey: $0) }
  }

  func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    let mustBe = "a number from \(range.lowerBound) to \(range.upperBound)"
    guard let number = try value(name, mustBe, { try config.requiredInt(forKey: $0) }) else {
      return nil
    }
    guard range.contains(number) else {
      throw ToolError("--\(name) must be \(mustBe), and \(number) is not")
    }
    return number
  }

  /// A span of time, as `Lifetime` reads it.
  ///
  /// - Parameters:
  ///   - shortest: "0s" allows none.
  func milliseconds(_ name: String, from shortest: String, to longest: String) throws -> Int64? {
    let bounds = (Lifetime.seconds(shortest) ?? 0)...(Lifetime.seconds(longest) ?? .max)
    return try parsed(name, "a time from \(shortest) to \(longest), such as 90s, 15m, 12h or 30d") {
      guard let seconds = $0 == "0s" ? 0 : Lifetime.seconds($0), bounds.contains(seconds) else {
        return nil
      }
      return seconds * 1_000
    }
  }

  func parsed<Value>(
    _ name: String, _ mustBe: String, _ parse: (String) -> Value?
  ) throws -> Value? {
    guard let text = try string(name) else { return nil }
    guard let value = parse(text) else {
      throw ToolError("--\(name) must be \(mustBe), and \"\(text)\" is not")
    }
    return value
  }
}
