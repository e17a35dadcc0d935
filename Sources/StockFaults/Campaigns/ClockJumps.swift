import Foundation
import StockProcesses
import StockTools

/// The machine's time of day jumps, hours ahead and back, under load (libfaketime in the engine). No
/// reservation ends before its time for it, and those that are due end.
public struct ClockJumps: Sendable {
  /// Seconds from the true time; one after the other.
  public var jumps = [7_200, -7_200, 86_400, 0, -3_600, 0]

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("clock-jumps")
    guard let library = Self.library else {
      report.facts.append("NOT RUN: there is no libfaketime (Debian's package faketime)")
      return report
    }
    let redis = try RedisProcess()
    try await redis.start()
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/offset"
    try "+0".write(toFile: file, atomically: true, encoding: .utf8)
    let engine = try scene.engine(redis: redis.url) {
      $0.arguments = ["--min-ttl", "1s"]
      // Where libfaketime is loaded first, it moves the environment, beside which a static Swift
      // runtime looks for the arguments. So it is loaded before.
      $0.wrapper = ["/usr/bin/env"]
      $0.environment = [
        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
      ]
    }
    let history = History()
    try await scene.with(engine) {
      guard let pid = await engine.pid,
        // Not String(contentsOfFile:), which reads one page of such a file.
        let maps = try FileHandle(forReadingAtPath: "/proc/\(pid)/maps")?.readToEnd(),
        String(decoding: maps, as: UTF8.self).contains("libfaketime")
      else { throw FaultError("libfaketime is not in the engine") }
      let site = try await Site.prepare(
        engine, products: scene.plan.products + [900], locations: scene.plan.locations,
        opening: 100, history: history)
      for (round, jump) in jumps.enumerated() {
        // One for half an hour, which every jump ahead would end; one that is due in two seconds.
        let kept = try await hold(site, "kept-\(round)", seconds: 1_800)
        let brief = try await hold(site, "brief-\(round)", seconds: 2)
        let http = try await site.client(connections: 12, depth: 2)
        var plan = scene.plan
        plan.seed &+= UInt64(round)
        try await Load(plan, RecordingClient(http, history: history)).run {
          try await Task.sleep(for: .milliseconds(200))
          try "\(jump < 0 ? "" : "+")\(jump)".write(toFile: file, atomically: true, encoding: .utf8)
          try await Task.sleep(for: .seconds(1))
        }
        await http.close()
        let ended = try await eventually(within: .seconds(60), every: .milliseconds(100)) {
          try await status(site, brief) == "expired"
        }
        let now = try await status(site, kept)
        if !ended || now != "held" {
          report.violations.append(
            Violation(
              .halfHeld,
              "after a jump to \(jump) s: one that is due is \(ended ? "" : "not ")over, another is \(now)"
            ))
        }
      }
      report.violations += try await site.inspect(
        history, ignoring: [EntryKey(900, "MAIN")], rests: .seconds(2)
      ).violations
      await site.close()
    }
    try await redis.stop()
    report.facts.append("the clock went to \(jumps.map { "\($0) s" }.joined(separator: ", "))")
    report.add(history)
    return report
  }

  private static var library: String? {
    let folder = "/usr/lib"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.map { "\(folder)/\($0)/faketime/libfaketimeMT.so.1" }.first {
      FileManager.default.fileExists(atPath: $0)
    }
  }

  private func hold(_ site: Site, _ order: String, seconds: Int) async throws -> String {
    let answer = try await RetryingExchange(site.store).expect(
      HTTPRequest(
        .post, HoldPath.all,
        json: """
          {"order_id":"\(order)","ttl_seconds":\(seconds),\
          "lines":[{"product_id":900,"location":"MAIN","quantity":1}]}
          """))
    let body: HoldBody = try answer.decoded()
    return body.reservationId
  }

  private func status(_ site: Site, _ id: String) async throws -> String {
    let body: HoldBody = try await RetryingExchange(site.store).expect(
      HTTPRequest(.get, "\(HoldPath.all)/\(id)")
    ).decoded()
    return body.status
  }
}
