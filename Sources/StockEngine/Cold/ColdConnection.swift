import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockLoop
import StockRedis

/// A connection to Redis for what may wait: so that no long reply stands before a commit's. It is made
/// when it is first used, and lives on a thread that has no shards: what it reads is taken apart there.
final class ColdConnection: Sendable {
  /// Reads at the same time, and those that wait for their turn.
  static let mostUnderWay = 8
  static let mostWaiting = 512
  /// Redis that does not answer for so long gets another connection.
  private static let timeout = TimeAmount.seconds(5)

  private struct State {
    var connection: EventLoopFuture<RedisConnection>?
    var underWay = 0
    var waiting: CircularBuffer<CheckedContinuation<Void, Never>> = []
    var isStopped = false
  }

  private let address: RedisAddress
  private let state = NIOLockedValueBox(State())

  init(address: RedisAddress) { self.address = address }

  // MARK: Turns

  /// Runs `body`, which may ask several times, when it is its turn.
  ///
  /// - Throws: `unavailable` if too many wait already; what `body` throws.
  func turn<Value>(
    _ body: () async throws(EngineError) -> Value
  ) async throws(EngineError) -> Value {
    try await enter()
    defer { leave() }
    return try await body()
  }

  private func enter() async throws(EngineError) {
    let isFull = state.withLockedValue {
      $0.underWay >= Self.mostUnderWay && $0.waiting.count >= Self.mostWaiting
    }
    guard !isFull else { throw .unavailable("too many reads of the ledger are under way") }
    await withCheckedContinuation { (turn: CheckedContinuation<Void, Never>) in
      let isMine = state.withLockedValue { state in
        if state.underWay < Self.mostUnderWay {
          state.underWay += 1
          return true
        }
        state.waiting.append(turn)
        return false
      }
      if isMine { turn.resume() }
    }
  }

  private func leave() {
    let next = state.withLockedValue { state in
      // The turn goes on to the next one, so the number stays.
      if let next = state.waiting.popFirst() { return Optional(next) }
      state.underWay -= 1
      return nil
    }
    next?.resume()
  }

  // MARK: Asking

  /// Sends a command that changes nothing; `read` makes of its reply what is kept of it. If the
  /// connection turns out to be gone, it goes once more, on another one.
  func ask<Value: Sendable>(
    _ words: [String],
    read: @escaping @Sendable (RedisReply) -> Result<Value, EngineError>
  ) async throws(EngineError) -> Value {
    for _ in 0..<2 {
      let future = try connected()
      do {
        let connection = try await future.get()
        return try await Self.ask(words, on: connection, read: read).get()
      } catch let error as EngineError {
        throw error
      } catch {
        // Not reachable, or gone.
        forget(future)
      }
    }
    throw .unavailable("redis does not answer")
  }

  /// - Throws: `RedisConnectionError` if the connection is gone.
  private static func ask<Value: Sendable>(
    _ words: [String], on connection: RedisConnection,
    read: @escaping @Sendable (RedisReply) -> Result<Value, EngineError>
  ) async throws -> Result<Value, EngineError> {
    let result: Result<Result<Value, EngineError>, RedisConnectionError> =
      await withCheckedContinuation { done in
        connection.eventLoop.execute {
          let deadline = connection.eventLoop.scheduleTask(in: timeout) { connection.close() }
          connection.send({ $0.writeRESPCommand(words) }) { result in
            deadline.cancel()
            done.resume(returning: result.map(read))
          }
        }
      }
    return try result.get()
  }

  private func connected() throws(EngineError) -> EventLoopFuture<RedisConnection> {
    let address = address
    let future = state.withLockedValue { state -> EventLoopFuture<RedisConnection>? in
      guard !state.isStopped else { return nil }
      if let connection = state.connection { return connection }
      let made = RedisConnection.connect(
        to: address, on: LoopGroup.shared.nextLoop(), connectTimeout: .seconds(2),
        loadScripts: false)
      state.connection = made
      return made
    }
    guard let future else { throw .unavailable("the engine has stopped") }
    return future
  }

  private func forget(_ future: EventLoopFuture<RedisConnection>) {
    state.withLockedValue { state in
      if state.connection === future { state.connection = nil }
    }
  }

  func stop() async {
    let future = state.withLockedValue { state in
      state.isStopped = true
      let connection = state.connection
      state.connection = nil
      return connection
    }
    if let connection = try? await future?.get() { await connection.disconnect() }
  }
}
