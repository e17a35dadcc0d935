public import StockTools
import Synchronization

/// Sends every mutation under an idempotency key of its own, until it has an answer; and then once more:
/// at once, or later, when the engine may be another one.
public final class TwiceExchange: Exchange {
  private struct Sent: Sendable {
    var request: HTTPRequest
    var first: HTTPAnswer
  }

  private struct State {
    var random: SeededRandom
    var later: [Sent] = []
    var violations: [Violation] = []
    var repeats = 0
  }

  private let base: any Exchange
  private let retrying: RetryingExchange<AnyExchange>
  private let state: Mutex<State>

  /// - Parameter patience: the longest time that the engine may be away.
  public init(_ base: any Exchange, seed: UInt64, patience: Duration = .seconds(60)) {
    self.base = base
    self.retrying = RetryingExchange(
      AnyExchange(base: base),
      policy: RetryPolicy(patience: patience, longestPause: .milliseconds(200)))
    self.state = Mutex(State(random: SeededRandom(seed: seed)))
  }

  public var violations: [Violation] { state.withLock { $0.violations } }
  /// Requests that were sent again after they had been answered.
  public var repeats: Int { state.withLock { $0.repeats } }

  public func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
    guard request.method != .get else { return try await base.send(request) }
    var request = request
    let (key, isAtOnce) = state.withLock {
      ("twice-\($0.random.next())", Bool.random(using: &$0.random))
    }
    request.headers.append(("Idempotency-Key", key))
    request.isIdempotent = true
    let first = try await sendWhole(request)
    // Nothing that a 503 says is kept: there is nothing to repeat.
    guard first.status != 503 else { return first }
    let sent = Sent(request: request, first: first)
    if isAtOnce {
      await again(sent)
    } else {
      state.withLock { $0.later.append(sent) }
    }
    return first
  }

  /// Repeats what is still to be repeated.
  public func repeatAll() async {
    let later = state.withLock { state in
      let later = state.later
      state.later = []
      return later
    }
    await withTaskGroup(of: Void.self) { group in
      for (place, sent) in later.enumerated() {
        if place >= 64 { await group.next() }
        group.addTask { await self.again(sent) }
      }
    }
  }

  /// A batch is answered when none of its lines has to be asked for again.
  private func sendWhole(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
    var answer = try await retrying.send(request)
    for _ in 0..<200 {
      guard answer.status == 200, request.path.hasSuffix("/batch"),
        let body: BatchBody = try? answer.decoded(),
        body.results.contains(where: { $0.status == 503 })
      else { break }
      try? await Task.sleep(for: .milliseconds(100))
      answer = try await retrying.send(request)
    }
    return answer
  }

  private func again(_ sent: Sent) async {
    let second: HTTPAnswer
    do throws(ClientError) {
      second = try await retrying.send(sent.request)
    } catch {
      return note(sent, "has no second answer: \(error)")
    }
    state.withLock { $0.repeats += 1 }
    for name in ["X-Stock-Shard", "X-Stock-Sequence", "Location", "ETag", "Content-Type"]
    where second.header(name) != sent.first.header(name) {
      note(
        sent, "\(name) was \(sent.first.header(name) ?? "-"), then \(second.header(name) ?? "-")")
    }
    if second.status != sent.first.status || second.body != sent.first.body {
      note(
        sent,
        """
        was answered \(sent.first.status) \(String(decoding: sent.first.body, as: UTF8.self)), then \
        \(second.status) \(String(decoding: second.body, as: UTF8.self))
        """)
    } else if second.header("Idempotency-Replayed") != "true" {
      note(sent, "was answered again without Idempotency-Replayed")
    }
  }

  private func note(_ sent: Sent, _ text: String) {
    let violation = Violation(.otherAnswer, "\(sent.request.path) \(text)")
    state.withLock { $0.violations.append(violation) }
  }
}

/// Any exchange, as a type.
struct AnyExchange: Exchange {
  let base: any Exchange

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
    try await base.send(request)
  }
}
