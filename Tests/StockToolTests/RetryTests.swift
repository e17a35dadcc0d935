import StockTools
import Testing

@Suite("When a request is sent again")
struct RetryTests {
  @Test(
    "by what is known of its outcome",
    arguments: [
      (.notSent, true, true), (.outcomeUnknown, false, true),
      (.answer(status: 503, code: "overloaded"), true, true),
      (.answer(status: 503, code: "store_unavailable"), true, true),
      (.answer(status: 503, code: "outcome_unknown"), false, true),
      (.answer(status: 503, code: nil), false, true),
      (.answer(status: 429, code: "rate_limited"), true, true),
      (.answer(status: 500, code: nil), false, false),
      (.answer(status: 409, code: "insufficient_stock"), false, false),
      (.answer(status: 200, code: nil), false, false),
    ] as [(RetryPolicy.Ending, Bool, Bool)])
  func mayRepeat(_ ending: RetryPolicy.Ending, once: Bool, idempotent: Bool) {
    #expect(RetryPolicy.mayRepeat(ending, isIdempotent: false) == once)
    #expect(RetryPolicy.mayRepeat(ending, isIdempotent: true) == idempotent)
  }

  @Test("pauses grow to a bound, honour Retry-After within it, and end with patience")
  func pauses() {
    let policy = RetryPolicy(
      patience: .seconds(10), firstPause: .milliseconds(100), longestPause: .seconds(2))
    let pause = { (attempt: Int, retryAfter: Int?) in
      policy.pause(attempt: attempt, elapsed: .zero, retryAfter: retryAfter, jitter: 1)
    }
    #expect(pause(1, nil) == .milliseconds(100))
    #expect(pause(2, nil) == .milliseconds(200))
    #expect(pause(30, nil) == .seconds(2))
    #expect(pause(1, 1) == .seconds(1))
    #expect(pause(1, 3_600) == .seconds(2))
    #expect(pause(1, -5) == .milliseconds(100))
    #expect(
      policy.pause(attempt: 1, elapsed: .seconds(10), retryAfter: nil, jitter: 0) == nil)
    #expect(
      RetryPolicy.never.pause(attempt: 1, elapsed: .zero, retryAfter: nil, jitter: 0) == nil)
  }
}
