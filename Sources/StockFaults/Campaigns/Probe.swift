import StockTools

/// Asks the same thing again and again, one at a time, and notes how it went: what a client that means
/// no harm sees of a crowd.
actor Probe {
  struct Seen: Sendable {
    var asked = 0
    var accepted = 0
    /// Refused, by code.
    var refused: [String: Int] = [:]
    /// Of all answers.
    var times: [Duration] = []

    /// The time that so many of a hundred answers did not exceed.
    func percentile(_ percent: Int) -> Duration {
      let sorted = times.sorted()
      guard !sorted.isEmpty else { return .zero }
      return sorted[min(sorted.count - 1, sorted.count * percent / 100)]
    }

    var text: String {
      let codes = refused.sorted { $0.key < $1.key }.map { ", \($0.value) \($0.key)" }.joined()
      return
        "\(accepted) of \(asked) accepted\(codes); p50 \(percentile(50).fine), p99 \(percentile(99).fine)"
    }
  }

  private let client: HTTPClient
  private let pause: Duration
  private let request: @Sendable (Int) -> HTTPRequest

  init(
    _ client: HTTPClient, pause: Duration = .milliseconds(5),
    request: @escaping @Sendable (Int) -> HTTPRequest
  ) {
    self.client = client
    self.pause = pause
    self.request = request
  }

  /// Until its task is cancelled.
  func run() async -> Seen {
    var seen = Seen()
    while !Task.isCancelled {
      let start = ContinuousClock.now
      seen.asked += 1
      do {
        let answer = try await client.send(request(seen.asked))
        seen.times.append(ContinuousClock.now - start)
        if answer.status < 300 {
          seen.accepted += 1
        } else {
          seen.refused[answer.code, default: 0] += 1
        }
      } catch {
        seen.refused["no_answer", default: 0] += 1
      }
      try? await Task.sleep(for: pause)
    }
    return seen
  }
}

extension Duration {
  /// "0.4 ms", "12.3 ms" or "1200 ms".
  var fine: String {
    let tenths = nanoseconds / 100_000
    return tenths < 1_000 ? "\(tenths / 10).\(tenths % 10) ms" : "\(tenths / 10) ms"
  }
}
