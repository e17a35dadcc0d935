import Foundation
import StockProcesses
import StockTools

/// Thousands of readers of events while reserves run: what they cost in throughput and in memory. Some
/// of them do not read: they are cut off, and not waited for.
public struct Events: Sendable {
  public var readers = 5_000
  /// Of them, those that never read what they asked for: all movements of the store.
  public var silent = 100
  /// Each of the other readers watches one of these.
  public var products = 5_000
  /// Of each measurement. They take turns, with readers and without.
  public var length = Duration.seconds(8)
  public var turns = 3
  /// What the throughput with readers must be of that without; nil: only told.
  public var leastShare: Double? = 0.9
  /// Reserves a second at which all events have to come, and how soon after the last one.
  public var pace = 1_000
  public var patience = Duration.seconds(30)
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
      _ = try await reserve(http, for: .seconds(1))
      let before = try await memory(engine)
      let watch = Task { try await mostMemory(engine) }

      // As many as can be, with readers and without, in turns.
      var (without, with): ([Int], [Int]) = ([], [])
      for turn in 1...turns {
        without.append(length.rate(of: try await reserve(http, for: length).reduce(0, +)))
        let audience = try await open(url, site)
        let counts = try await reserve(http, for: length)
        with.append(length.rate(of: counts.reduce(0, +)))
        let states = audience.states
        report.facts.append(
          """
          turn \(turn): \(without[turn - 1].grouped) reserves/s without readers, \
          \(with[turn - 1].grouped) with; at the end readers had \(share(states, counts)) % of what \
          they asked for, and \(states[..<silent].count { $0.isClosed }) of \(silent) who do not \
          read had been cut off
          """)
        judge(states, counts, isAll: false, &report)
        await audience.close()
      }
      let left = Double(with.reduce(0, +)) / Double(max(1, without.reduce(0, +)))
      report.facts.append(
        "throughput with \(readers.grouped) readers is \(Int((left * 100).rounded())) % of without")
      if let leastShare, left < leastShare {
        report.violations.append(
          Violation(.tooSlow, "\(left) of the throughput, and \(leastShare) is the least"))
      }

      // At a pace, so that everyone can be told everything in time.
      let audience = try await open(url, site)
      let counts = try await reserve(http, for: length, pace: pace)
      let begin = ContinuousClock.now
      _ = try await eventually(within: patience, every: .milliseconds(50)) {
        share(audience.states, counts) == 100
      }
      report.facts.append(
        """
        at \(length.rate(of: counts.reduce(0, +)).grouped) reserves/s readers had \
        \(share(audience.states, counts)) % of what they asked for \
        \((ContinuousClock.now - begin).short) after the end
        """)
      judge(audience.states, counts, isAll: true, &report)
      await audience.close()

      watch.cancel()
      let most = try await watch.value
      report.facts.append(
        "the engine had \(before) MiB before, \(most) MiB at most with readers")
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

  private func open(_ url: EngineURL, _ site: Site) async throws -> Audience {
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
    return audience
  }

  private func paths() -> [(path: String, reads: Bool)] {
    let events = "/api/v1/store/inventory/events"
    return (0..<readers).map { place in
      place < silent
        ? (events, false) : ("\(events)?product_id=\(product(of: place) + 1)", true)
    }
  }

  private func product(of reader: Int) -> Int { reader % products }

  /// Percent, rounded down, of the events that the readers who read have to get.
  private func share(_ states: [Audience.Seen], _ counts: [Int]) -> Int {
    let due = (silent..<readers).reduce(0) { $0 + counts[product(of: $1)] }
    return due == 0 ? 100 : states[silent...].reduce(0) { $0 + $1.events } * 100 / due
  }

  /// No reader who reads is cut off, or told more than there was; and in the end all of it.
  private func judge(
    _ states: [Audience.Seen], _ counts: [Int], isAll: Bool, _ report: inout Report
  ) {
    let reading = silent..<readers
    for (text, isWrong) in [
      ("were cut off", { (place: Int) in states[place].isClosed }),
      ("got more than there was", { states[$0].events > counts[product(of: $0)] }),
      ("lack events", { isAll && states[$0].events < counts[product(of: $0)] }),
    ] {
      let count = reading.count(where: isWrong)
      guard count > 0 else { continue }
      report.violations.append(Violation(.wrongAnswer, "\(count) readers who read \(text)"))
    }
  }

  /// Accepted reserves of each product: single requests on all of them, pipelined.
  ///
  /// - Parameter pace: of all of them a second; nil: as many as can be.
  private func reserve(
    _ http: HTTPClient, for length: Duration, pace: Int? = nil
  ) async throws -> [Int] {
    let begin = ContinuousClock.now
    let workers = pace == nil ? 512 : 32
    return try await withThrowingTaskGroup(of: [Int].self) { group in
      for worker in 0..<workers {
        group.addTask {
          var random = SeededRandom(seed: UInt64(worker))
          var counts = [Int](repeating: 0, count: products)
          var next = begin
          while ContinuousClock.now < begin + length {
            let product = Int.random(in: 0..<products, using: &random)
            let answer = try await http.send(
              Change.reserve(1).request(on: EntryKey(Int64(product + 1), "MAIN")))
            guard answer.status == 200 else {
              throw FaultError("a reserve was answered with \(answer.complaint)")
            }
            counts[product] += 1
            guard let pace else { continue }
            next += .seconds(Double(workers) / Double(pace))
            try await Task.sleep(until: next, clock: .continuous)
          }
          return counts
        }
      }
      return try await group.reduce(into: [Int](repeating: 0, count: products)) { sums, counts in
        for (place, count) in counts.enumerated() { sums[place] += count }
      }
    }
  }

  /// The most of `memory` until it is cancelled.
  private func mostMemory(_ engine: EngineProcess) async throws -> Int {
    var most = 0
    while !Task.isCancelled {
      most = max(most, try await memory(engine))
      try? await Task.sleep(for: .milliseconds(250))
    }
    return most
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
