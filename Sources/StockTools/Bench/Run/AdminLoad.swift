import Synchronization

/// The connection beside the reserves: gets lists, one behind the other, without a pause, in every
/// second slice of the measured time.
public struct AdminLoad: Sendable {
  /// What the administration's page asks for. What an engine does not have is left out.
  public static let defaultPaths = [
    "/api/v1/admin/inventory?limit=500&sort=quantity",
    "/api/v1/admin/inventory/stats",
    "/api/v1/admin/inventory/low-stock?threshold=10",
    "/api/v1/store/inventory?limit=500&sort=quantity",
    "/api/v1/store/inventory?limit=500&sort=-quantity&low_stock=1000000",
    "/api/v1/store/inventory?limit=500&search=1000",
  ]

  /// Slices of the measured time: alone, beside lists, alone, beside lists.
  static let slices = 4

  struct Outcome: Sendable {
    var latency = Latency()
    var requests = 0
    var refused: [String: Int] = [:]
    /// Paths that the engine does not have.
    var missing: [String] = []
    /// Seconds for which lists ran.
    var seconds = 0.0
  }

  let exchange: any Exchange
  let paths: [String]
  let lists: ListsSwitch

  /// - Parameter window: nanoseconds of `LoadClock`.
  func run(in window: ClosedRange<UInt64>) async throws -> Outcome {
    var outcome = Outcome()
    var paths: [String] = []
    for path in self.paths {
      if try await exchange.send(HTTPRequest(.get, path)).status == 404 {
        outcome.missing.append(path)
      } else {
        paths.append(path)
      }
    }
    guard !paths.isEmpty else { throw ToolError("the engine has none of the lists") }
    let slice = (window.upperBound - window.lowerBound) / UInt64(Self.slices)
    for number in stride(from: 1, to: Self.slices, by: 2) {
      let start = window.lowerBound + slice * UInt64(number)
      let end = start + slice
      let now = LoadClock.now
      if start > now { try await Task.sleep(for: .nanoseconds(start - now)) }
      let began = LoadClock.now
      lists.isOn = true
      defer { lists.isOn = false }
      while LoadClock.now < end, !Task.isCancelled {
        let path = paths[outcome.requests % paths.count]
        let answer = try await outcome.latency.measure {
          try await exchange.send(HTTPRequest(.get, path))
        }
        outcome.requests += 1
        if !answer.isSuccess { outcome.refused["\(path): \(answer.code)", default: 0] += 1 }
      }
      // A list of the slice before may have taken longer than all of the window.
      let ended = min(LoadClock.now, window.upperBound)
      if ended > began { outcome.seconds += Double(ended - began) / 1e9 }
    }
    return outcome
  }
}
