/// Whether a Redis is set so that it keeps what it is given.
public enum SettingsCheck {
  private struct Setting {
    var name: String
    /// The first is the one that is advised.
    var values: [String]
    var reason: String

    /// - Parameter reply: to a CONFIG GET: names and values by turns, in any order.
    /// - Returns: nil: it is as it must be.
    func problem(in reply: RESPValue) -> String? {
      let words = reply.elements.map { $0.text ?? "" }
      let place = words.firstIndex(of: name)
      // An empty answer is a setting that is not there.
      let held = place.map { $0 + 1 < words.count ? words[$0 + 1] : "" } ?? ""
      if values.contains(held) { return nil }
      return "\(name) is \"\(held)\", but must be \"\(values[0])\": \(reason)"
    }
  }

  private static func wanted(_ durability: Durability) -> [Setting] {
    [
      Setting(
        name: "maxmemory-policy", values: ["noeviction"],
        reason: "under another policy Redis deletes stock when memory is short"),
      Setting(
        name: "appendonly", values: ["yes"],
        reason: "without the AOF a restart of Redis loses the stock"),
      durability == .always
        ? Setting(
          name: "appendfsync", values: ["always"],
          reason: "the durability \"always\" promises it")
        : Setting(
          name: "appendfsync", values: ["everysec", "always"],
          reason: "otherwise a loss of power costs as much as the kernel has not yet written"),
    ]
  }

  /// Asks for all of them at once, for whoever looks again and again.
  public static let question = ["CONFIG", "GET"] + wanted(.everysec).map(\.name)

  /// - Parameter reply: to `question`.
  /// - Returns: what is wrong, a line for each setting; nil where Redis does not say.
  public static func problems(in reply: RESPValue, durability: Durability) -> [String]? {
    guard case .array = reply else { return nil }
    return wanted(durability).compactMap { $0.problem(in: reply) }
  }

  /// Asks for `maxmemory-policy` (must be noeviction), `appendonly` (yes) and `appendfsync`: everysec
  /// or always, and always where answers wait for the disk.
  ///
  /// - Parameter allowUnsafe: what is wrong is returned as warnings, not thrown.
  /// - Returns: one warning a line, mostly none.
  /// - Throws: `RedisSetupError` (`unsafeSettings`), which names every setting and how to mend it;
  ///   or `RedisConnectionError`.
  public static func run(
    on connection: RedisConnection, durability: Durability, allowUnsafe: Bool = false
  ) async throws -> [String] {
    let wanted = Self.wanted(durability)
    let replies = try await connection.callAll(wanted.map { ["CONFIG", "GET", $0.name] })
    var problems: [String] = []
    var remedies: [String] = []
    for (setting, reply) in zip(wanted, replies) {
      if case .error(let words) = reply {
        problems.append(
          "cannot see whether \(setting.name) is \(setting.values[0]), "
            + "since CONFIG GET is refused: \(words)")
        continue
      }
      guard let problem = setting.problem(in: reply) else { continue }
      problems.append(problem)
      remedies.append("  redis-cli CONFIG SET \(setting.name) \(setting.values[0])")
    }
    if problems.isEmpty || allowUnsafe { return problems }
    var lines = ["The Redis at \(connection.address) is not set to keep the stock safe:"]
    lines += problems.map { "  - \($0)" }
    if !remedies.isEmpty {
      lines.append("Set it so, and in redis.conf too, or it is gone at the next start:")
      lines += remedies
    }
    if remedies.count < problems.count {
      lines.append("Let the engine's user call CONFIG GET (ACL SETUSER … +config|get).")
    }
    lines.append("Or allow an unsafe Redis, if you can lose what is in it.")
    throw RedisSetupError(.unsafeSettings, lines.joined(separator: "\n"))
  }
}
