public import NIOCore
import StockLoop

/// For cold paths: start-up, checks, tests. A commit never waits so.
extension RedisConnection {
  /// Sends one command from anywhere, and keeps a copy of its reply. An error reply is a
  /// `RESPValue.error`, not thrown.
  public func call(_ words: [String]) async throws(RedisConnectionError) -> RESPValue {
    try await query({ $0.writeRESPCommand(words) }) { RESPValue($0) }
  }

  /// Sends many commands in one write. As `call`, for each.
  public func callAll(_ commands: [[String]]) async throws(RedisConnectionError) -> [RESPValue] {
    guard !commands.isEmpty else { return [] }
    let results: [Result<RESPValue, RedisConnectionError>] = await withCheckedContinuation { done in
      eventLoop.execute {
        var results: [Result<RESPValue, RedisConnectionError>] = []
        for words in commands {
          self.send({ $0.writeRESPCommand(words) }) { result in
            results.append(result.map { RESPValue($0) })
            if results.count == commands.count { done.resume(returning: results) }
          }
        }
      }
    }
    var values: [RESPValue] = []
    for result in results { values.append(try result.get()) }
    return values
  }

  /// Sends what `body` writes, from anywhere; `read` makes of the reply what is kept of it.
  public func query<Value: Sendable>(
    _ body: @escaping @Sendable (inout ByteBuffer) -> Void,
    read: @escaping @Sendable (RedisReply) -> Value
  ) async throws(RedisConnectionError) -> Value {
    let result: Result<Value, RedisConnectionError> = await withCheckedContinuation { done in
      eventLoop.execute {
        self.send(body) { done.resume(returning: $0.map(read)) }
      }
    }
    return try result.get()
  }

  /// `close()`, from anywhere. Returns when all handlers have been called.
  public func disconnect() async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      eventLoop.execute {
        self.close()
        done.resume()
      }
    }
  }
}
