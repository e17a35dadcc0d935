import Foundation
import StockTools
import Synchronization

/// Thousands of readers of events while reserves run: what they cost in throughput and in memory. Some
/// of them do not read: they are cut off, and not waited for.
public struct Events: Sendable {
  public var readers = 5_000
  /// Of them, those that never read what they asked for: all movements of the store.
  public var silent = 100
  /// Each of the other readers watches one of these.
  public var products = 1_000
  /// Of each measurement. They take turns, with readers and without.
  public var length = Duration.seconds(8)
  public var turns = 3
  /// What the throughput with readers must be of that without; nil: only told.
  public var leastShare: Double? = 0.9
  /// What the engine may need more with readers, in MiB.
  public var mostMemory = 512

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("events")
    let engine = try scene.engine()
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: Array(1...Int64(products)), locations: ["MAIN"], opening: 1_000_000_000,
        history: History())
      let url = try await engine.url
      let http = try await site.client(connections: 32, depth: 16)
      // Once for nothing: whatever is only made on first use.
      _ = try await rate(http, .seconds(1))
      let before = try await memory(engine)
      var (without, with): ([Int], [Int]) = ([], [])
      var most = before
      for turn in 1...turns {
        without.append(try await rate(http, length))
        let audience = try await Audience.open(url, key: site.storeKey, paths())
        let isOpen = try await eventually(within: .seconds(60), every: .milliseconds(100)) {
          audience.states.count { $0.isOpen } == readers
        }
        guard isOpen else {
          let states = audience.states
          throw FaultError(
            "\(states.count { $0.isOpen }) of \(readers) streams are open, "
              + "\(states.count { $0.isClosed }) were closed")
        }
        let counted = Mutex(0)
        let watch = Task {
          var most = 0
          while !Task.isCancelled {
            most = max(most, try await memory(engine))
            try? await Task.sleep(for: .milliseconds(250))
          }
          return most
        }
        with.append(
          try await rate(http, length) { shard in counted.withLock { $0 += shard } })
        watch.cancel()
        most = max(most, try await watch.value)
        // What is still on its way.
        try await Task.sleep(for: .seconds(2))
        let states = audience.states
        report.facts.append(
          """
          turn \(turn): \(without[turn - 1].grouped) reserves/s without readers, \
          \(with[turn - 1].grouped) with; \(states.reduce(0) { $0 + $1.events }.grouped) events \
          came to \(states.count { $0.events > 0 }.grouped) readers
          """)
        judge(states, reserves: counted.withLock { $0 }, turn, &report)
        await audience.close()
      }
      let share = Double(with.reduce(0, +)) / Double(max(1, without.reduce(0, +)))
      report.facts.append(
        "throughput with \(readers.grouped) readers is \(Int((share * 100).rounded())) % of without"
      )
      report.facts.append(
        "the engine had \(before) MiB before, \(most) MiB at most with readers")
      if let leastShare, share < leastShare {
        report.violations.append(
          Violation(.tooSlow, "\(share) of the throughput, and \(leastShare) is the least"))
      }
      if most - before > mostMemory {
        report.violations.append(
          Violation(.tooLarge, "\(most - before) MiB more, and \(mostMemory) is the most"))
      }
      await http.close()
      report.violations += try await site.agreement()
      await site.close()
    }
    return report
  }

  private func paths() -> [(path: String, reads: Bool)] {
    let events = "/api/v1/store/inventory/events"
    return (0..<readers).map { place in
      place < silent
        ? (events, false) : ("\(events)?product_id=\(place % products + 1)", true)
    }
  }

  /// Readers who read were told all that concerns them, and were not cut off; the others were, if there
  /// was more than sockets hold.
  private func judge(_ states: [Audience.Seen], reserves: Int, _ turn: Int, _ report: inout Report)
  {
    let reading = states[silent...]
    let lost = reading.count { $0.isClosed }
    if lost > 0 {
      report.violations.append(
        Violation(.wrongAnswer, "turn \(turn): \(lost) readers who read were cut off"))
    }
    // Each product has so many readers, each reserve one movement.
    let perProduct = Double(reading.count) / Double(products)
    let share = Double(reading.reduce(0) { $0 + $1.events }) / (Double(reserves) * perProduct)
    report.facts.append(
      """
      turn \(turn): \(Int((share * 100).rounded())) % of what readers asked for had come 2 s later; \
      \(states[..<silent].count { $0.isClosed }) of \(silent) who do not read were cut off
      """)
  }

  /// Accepted reserves a second: single requests on all products, pipelined.
  private func rate(
    _ http: HTTPClient, _ length: Duration, accepted: (Int) -> Void = { _ in }
  ) async throws -> Int {
    let begin = ContinuousClock.now
    let end = begin + length
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<512 {
        group.addTask {
          var random = SeededRandom(seed: UInt64(worker))
          var count = 0
          while ContinuousClock.now < end {
            let product = Int64.random(in: 1...Int64(products), using: &random)
            let answer = try await http.send(
              Change.reserve(1).request(on: EntryKey(product, "MAIN")))
            guard answer.status == 200 else {
              throw FaultError("a reserve was answered with \(answer.complaint)")
            }
            count += 1
          }
          return count
        }
      }
      return try await group.reduce(0, +)
    }
    accepted(total)
    return (ContinuousClock.now - begin).rate(of: total)
  }

  /// MiB that the engine has in memory. 0 where the system does not say.
  private func memory(_ engine: EngineProcess) async throws -> Int {
    guard let pid = await engine.pid,
      let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    else { return 0 }
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1_024
  }
}
