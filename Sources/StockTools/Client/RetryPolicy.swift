/// When a request is sent again, and after which pause.
///
/// Sent again is what certainly had no effect (a 503 `store_unavailable` or `overloaded`, a 429, a
/// connection that could not be made; a request whose idempotency key is still under way), and, if it is idempotent, what perhaps had one.
public struct RetryPolicy: Sendable {
  /// No request is begun again later than this after its first attempt.
  public var patience: Duration
  public var firstPause: Duration
  /// The longest pause, whatever `Retry-After` asks for.
  public var longestPause: Duration

  public init(
    patience: Duration = .seconds(30), firstPause: Duration = .milliseconds(50),
    longestPause: Duration = .seconds(2)
  ) {
    self.patience = patience
    self.firstPause = firstPause
    self.longestPause = longestPause
  }

  public static let never = RetryPolicy(patience: .zero)

  public enum Ending: Equatable, Sendable {
    /// An answer with its problem's `code`, if it is one.
    case answer(status: Int, code: String?)
    case notSent
    case outcomeUnknown
  }

  /// Whether a request that ended so may be sent again.
  public static func mayRepeat(_ ending: Ending, isIdempotent: Bool) -> Bool {
    switch ending {
    case .notSent: true
    case .outcomeUnknown: isIdempotent
    case .answer(429, _), .answer(409, "idempotency_running"): true
    case .answer(503, "overloaded"), .answer(503, "store_unavailable"): true
    // Also any 503 that does not say what it means: something between here and the engine.
    case .answer(503, _): isIdempotent
    case .answer: false
    }
  }

  /// The pause before attempt number `attempt` (1 is the first repetition).
  ///
  /// - Parameters:
  ///   - retryAfter: seconds that the engine asked for; it is waited for that long, within bounds.
  ///   - jitter: 0 up to 1: spreads clients that failed together.
  /// - Returns: nil when patience is at its end.
  public func pause(
    attempt: Int, elapsed: Duration, retryAfter: Int?, jitter: Double
  ) -> Duration? {
    let doubled = firstPause * (1 << min(max(attempt - 1, 0), 16))
    var pause = min(doubled, longestPause) * (0.5 + jitter / 2)
    if let retryAfter { pause = max(pause, min(.seconds(max(0, retryAfter)), longestPause)) }
    return elapsed + pause <= patience ? pause : nil
  }
}

/// An `Exchange` that asks again by a `RetryPolicy`.
public struct RetryingExchange<Base: Exchange>: Exchange {
  private let base: Base
  private let policy: RetryPolicy

  public init(_ base: Base, policy: RetryPolicy = RetryPolicy()) {
    self.base = base
    self.policy = policy
  }

  public func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
    let start = ContinuousClock.now
    var attempt = 0
    while true {
      attempt += 1
      let result: Result<HTTPAnswer, ClientError>
      let ending: RetryPolicy.Ending
      var retryAfter: Int?
      do throws(ClientError) {
        let answer = try await base.send(request)
        if answer.isSuccess { return answer }
        result = .success(answer)
        retryAfter = answer.retryAfter
        ending = .answer(status: answer.status, code: Problem(answer)?.code)
      } catch {
        result = .failure(error)
        ending =
          switch error {
          case .notSent: .notSent
          case .outcomeUnknown: .outcomeUnknown
          }
      }
      guard RetryPolicy.mayRepeat(ending, isIdempotent: request.isIdempotent),
        let pause = policy.pause(
          attempt: attempt, elapsed: ContinuousClock.now - start, retryAfter: retryAfter,
          jitter: .random(in: 0..<1)),
        (try? await Task.sleep(for: pause)) != nil
      else { return try result.get() }
    }
  }
}
