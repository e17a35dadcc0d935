public import NIOCore
import StockLoop

/// For cold paths: start-up, checks, tests. A commit never waits so.
///
/// Where no answer comes in time the connection is closed, as after every time-out: what comes later
/// would be taken for the answer to something else.
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
        let deadline = self.eventLoop.scheduleTask(in: self.answerTimeout) { self.close() }
        for words in commands {
          self.send({ $0.writeRESPCommand(words) }) { result in
            results.append(result.map { RESPValue($0) })
            guard results.count == commands.count else { return }
            deadline.cancel()
            done.resume(returning: results)
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
        let deadline = self.eventLoop.scheduleTask(in: self.answerTimeout) { self.close() }
        self.send(body) {
          deadline.cancel()
          done.resume(returning: $0.map(read))
        }
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
