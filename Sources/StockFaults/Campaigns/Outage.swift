import StockProcesses
import StockRedis
import StockTools

/// Redis lives and refuses to write, under load: its disk is full, or its memory. Nothing is confirmed
/// meanwhile; when there is room again, all goes on by itself.
public struct Outage: Sendable {
  public enum Cause: String, CaseIterable, Sendable {
    /// The append-only file cannot grow (MISCONF). Needs root, for a small file system.
    case diskFull = "disk-full"
    /// `maxmemory` is reached (OOM).
    case memoryFull = "memory-full"
  }

  public var cause: Cause
  public var rounds = 3
  /// Of each outage, from the moment at which Redis is known to refuse.
  public var length: Duration = .seconds(6)

  public init(_ cause: Cause) { self.cause = cause }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report(cause.rawValue)
    let disk: SmallDisk?
    do {
      disk = cause == .diskFull ? try await SmallDisk(megabytes: 24) : nil
    } catch {
      // Who is not root may not mount, nor may root in some containers.
      report.facts.append("NOT RUN: a small file system cannot be mounted: \(error)")
      return report
    }
    let redis = try RedisProcess(directory: disk?.path)
    try await redis.start()
    let engine = try scene.engine(redis: redis.url)
    let history = History()
    var random = SeededRandom(seed: scene.seed)
    var refusedFor = Duration.zero
    var slowest = Duration.zero
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      for round in 1...rounds {
        var plan = scene.plan
        plan.seed = random.next()
        let http = try await site.client(connections: 12, depth: 2)
        let (beganAt, endedAt, returned) = try await Load(
          plan, RecordingClient(http, history: history)
        ).run {
          try await Task.sleep(for: .milliseconds(300))
          try await begin(redis, disk)
          let beganAt = history.now
          try await Task.sleep(for: length)
          let endedAt = history.now
          try await end(redis, disk)
          let returned = try await site.settle()
          try await Task.sleep(for: .milliseconds(300))
          return (beganAt, endedAt, returned)
        }
        await http.close()
        refusedFor += .nanoseconds(endedAt - beganAt)
        slowest = max(slowest, returned)
        let found = try await site.inspect(history, rests: .seconds(2))
        report.violations += found.violations.map {
          Violation($0.kind, "round \(round): \($0.text)")
        }
        // A change that found nothing to write (a set to what is there) needs no Redis.
        let confirmed = history.attempts.filter {
          $0.ending.isAccepted && $0.sentAt > beganAt && $0.endedAt < endedAt && !$0.isSet
        }
        for attempt in confirmed {
          report.violations.append(
            Violation(.wrongAnswer, "round \(round): confirmed meanwhile: \(attempt.change)"))
        }
        if report.violations.count > 50 { break }
      }
      await site.close()
    }
    try await redis.stop()
    try await disk?.unmount()
    report.facts.append(
      "\(rounds) outages, \(refusedFor.short) in all; the longest way back took \(slowest.short)")
    report.add(history)
    return report
  }

  /// Returns when Redis refuses to write.
  private func begin(_ redis: RedisProcess, _ disk: SmallDisk?) async throws {
    let access = try await RedisAccess.open(redis.url)
    if let disk {
      try disk.fill()
    } else {
      _ = try await access.call(["CONFIG", "SET", "maxmemory", "1mb"])
    }
    let refuses = try await eventually(within: .seconds(60), every: .milliseconds(20)) {
      // Redis finds out about its disk when it writes.
      if case .error(let text) = try await access.call(["SET", "probe", "1"]) {
        return text.hasPrefix(disk == nil ? "OOM" : "MISCONF")
      }
      return false
    }
    await access.disconnect()
    guard refuses else { throw FaultError("redis-server goes on writing") }
  }

  private func end(_ redis: RedisProcess, _ disk: SmallDisk?) async throws {
    if let disk { return disk.empty() }
    let access = try await RedisAccess.open(redis.url)
    _ = try await access.call(["CONFIG", "SET", "maxmemory", "0"])
    await access.disconnect()
  }
}

extension Attempt {
  /// A `set` may be confirmed without a write, where nothing changes.
  var isSet: Bool {
    if case .set = change { true } else { false }
  }
}
