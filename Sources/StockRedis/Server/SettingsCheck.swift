/// Whether a Redis is set so that it keeps what it is given.
public enum SettingsCheck {
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
    let wanted = [
      (
        "maxmemory-policy", ["noeviction"],
        "under another policy Redis deletes stock when memory is short"
      ),
      ("appendonly", ["yes"], "without the AOF a restart of Redis loses the stock"),
      durability == .always
        ? ("appendfsync", ["always"], "the durability \"always\" promises it")
        : (
          "appendfsync", ["everysec", "always"],
          "otherwise a loss of power costs as much as the kernel has not yet written"
        ),
    ]
    let replies = try await connection.callAll(wanted.map { ["CONFIG", "GET", $0.0] })
    var problems: [String] = []
    var remedies: [String] = []
    for ((name, values, reason), reply) in zip(wanted, replies) {
      let value = values[0]
      if case .error(let words) = reply {
        problems.append(
          "cannot see whether \(name) is \(value), since CONFIG GET is refused: \(words)")
        continue
      }
      let held = reply.elements.count == 2 ? reply.elements[1].text ?? "" : ""
      if values.contains(held) { continue }
      // appendfsync says everysec and the like; an empty answer is a setting that is not there.
      problems.append("\(name) is \"\(held)\", but must be \"\(value)\": \(reason)")
      remedies.append("  redis-cli CONFIG SET \(name) \(value)")
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
