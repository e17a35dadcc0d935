import Foundation
import StockProcesses
import StockTools

/// Thousands of readers of events while reserves run: what they cost in throughput and in memory, and
/// how far they lag behind. Some of them do not read: they are cut off, and not waited for.
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
  /// How soon after the last reserve all who read must have all their events; nil: only told.
  public var mostLag: Duration? = .seconds(3)
  /// Whoever lacks events after so long has lost them.
  public var patience = Duration.seconds(30)
  /// Reserves a second, where it is not as many as can be.
  public var pace = 1_000
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
      let before = await engine.residentMiB
      let watch = Task { try await mostMemory(engine) }

      // As many as can be, with readers and without, in turns.
      var (without, with) = (Speed(), Speed())
      for turn in 1...turns {
        let alone = try await measure(engine) { try await reserve(http, for: length) }
        without += alone.speed
        let audience = try await open(url, site)
        let heard = try await measure(engine) { try await reserve(http, for: length) }
        with += heard.speed
        let readers = try await hear(audience, heard.counts, &report)
        report.facts.append(
          "turn \(turn): without readers \(alone.speed), with \(heard.speed); \(readers)")
      }
      let left = with.rate / max(1, without.rate)
      report.facts.append(
        "throughput with \(readers.grouped) readers is \(Int((left * 100).rounded())) % of without")
      if let leastShare, left < leastShare {
        report.violations.append(
          Violation(.tooSlow, "\(left) of the throughput, and \(leastShare) is the least"))
      }

      let audience = try await open(url, site)
      let slow = try await measure(engine) {
        try await reserve(http, for: length, pace: pace)
      }
      report.facts.append("\(slow.speed): \(try await hear(audience, slow.counts, &report))")

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

  /// Accepted reserves, and what they took.
  private struct Speed: CustomStringConvertible {
    var reserves = 0
    var time = Duration.zero
    /// Of the engine.
    var processor = Duration.zero

    static func += (sum: inout Speed, one: Speed) {
      sum.reserves += one.reserves
      sum.time += one.time
      sum.processor += one.processor
    }

    /// A second.
    var rate: Double { Double(reserves) / max(0.001, time / .seconds(1)) }

    var description: String {
      let each = processor / .microseconds(1) / Double(max(1, reserves))
      return "\(Int(rate).grouped) reserves/s (\(Int(each.rounded())) µs of the engine each)"
    }
  }

  private func measure(
    _ engine: EngineProcess, _ reserve: () async throws -> [Int]
  ) async throws -> (counts: [Int], speed: Speed) {
    let before = await engine.processorTime
    let counts = try await reserve()
    let processor = await engine.processorTime - before
    let speed = Speed(reserves: counts.reduce(0, +), time: length, processor: processor)
    return (counts, speed)
  }

  /// Waits until all who read have all their events.
  ///
  /// - Parameter counts: reserves of each product since the audience came.
  /// - Returns: what to tell of it.
  private func hear(
    _ audience: Audience, _ counts: [Int], _ report: inout Report
  ) async throws -> String {
    let end = ContinuousClock.now
    let had = share(audience.states, counts)
    let hasAll = try await eventually(within: patience, every: .milliseconds(20)) {
      share(audience.states, counts) >= 100
    }
    let lag = ContinuousClock.now - end
    let states = audience.states
    await audience.close()
    judge(states, counts, &report)
    if let mostLag, hasAll, lag > mostLag {
      report.violations.append(
        Violation(.tooSlow, "all events came after \(lag.short), and \(mostLag.short) is the most"))
    }
    return """
      readers had \(had) % of their events at the end, \
      \(hasAll ? "all" : "\(share(states, counts)) %") \(lag.short) later; \
      \(states[..<silent].count { $0.isClosed }) of \(silent) who do not read had been cut off
      """
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

  /// No reader who reads is cut off, or told more or less than there was.
  private func judge(_ states: [Audience.Seen], _ counts: [Int], _ report: inout Report) {
    let reading = silent..<readers
    for (text, isWrong) in [
      ("were cut off", { (place: Int) in states[place].isClosed }),
      ("got more than there was", { states[$0].events > counts[product(of: $0)] }),
      ("lack events", { states[$0].events < counts[product(of: $0)] }),
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
      most = max(most, await engine.residentMiB)
      try? await Task.sleep(for: .milliseconds(250))
    }
    return most
  }
}
