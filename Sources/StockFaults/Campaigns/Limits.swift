import Foundation
import NIOCore
import NIOPosix
import StockProcesses
import StockTools

/// What the machine withholds: file descriptors for more connections, and a data folder that may be
/// written to.
public struct Limits: Sendable {
  /// File descriptors of the engine.
  public var descriptors = 64
  /// Connections that are tried.
  public var connections = 200

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("limits")
    try await runOutOfDescriptors(scene, &report)
    try await refuseFolder(scene, &report)
    return report
  }

  /// Whoever is connected goes on being served; when the others are gone, new ones are.
  private func runOutOfDescriptors(_ scene: Scene, _ report: inout Report) async throws {
    let redis = try RedisProcess()
    try await redis.start()
    let engine = try scene.engine(redis: redis.url) {
      $0.wrapper = ["/usr/bin/env", "prlimit", "--nofile=\(descriptors):\(descriptors)"]
    }
    let history = History()
    let group = MultiThreadedEventLoopGroup.singleton
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      let http = try await site.client(connections: 8, depth: 2)
      let port = try await engine.url.port
      var idle: [any Channel] = []
      try await Load(scene.plan, RecordingClient(http, history: history)).run {
        try await Task.sleep(for: .milliseconds(200))
      }
      for _ in 0..<connections {
        let channel = try? await ClientBootstrap(group: group).connect(
          host: "127.0.0.1", port: port
        ).get()
        if let channel { idle.append(channel) }
      }
      let before = history.tally.accepted
      // Other orders than before.
      var plan = scene.plan
      plan.seed &+= 1
      try await Load(plan, RecordingClient(http, history: history)).run {
        _ = try await eventually(within: .seconds(60)) {
          history.tally.accepted > before + 100
        }
      }
      if history.tally.accepted <= before + 100 {
        report.violations.append(
          Violation(.wrongAnswer, "those that are connected are not served any more"))
      }
      for channel in idle { try? await channel.close() }
      await http.close()
      let isBack = try await eventually(within: .seconds(60), every: .milliseconds(100)) {
        let fresh = try await site.client(connections: 1)
        let answer = try? await fresh.send(HTTPRequest(.get, "/healthz"))
        await fresh.close()
        return answer?.status == 200
      }
      if !isBack {
        report.violations.append(Violation(.wrongAnswer, "a new connection is not served again"))
      }
      report.violations += try await site.inspect(history, rests: .seconds(2)).violations
      await site.close()
    }
    try await redis.stop()
    report.facts.append("\(connections) more connections than \(descriptors) descriptors allow")
    report.add(history)
  }

  /// An engine whose data folder cannot be written to ends at once, and says why.
  private func refuseFolder(_ scene: Scene, _ report: inout Report) async throws {
    let isRoot = FileManager.default.isWritableFile(atPath: "/")
    let engine = try scene.engine {
      // Root may write anywhere.
      if isRoot {
        $0.wrapper = [
          "/usr/bin/env", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
        ]
      }
    }
    let path = engine.folder.path
    // What it writes to while it starts is ours, not its own.
    for name in ["engine.out", "engine.err"] {
      _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: nil)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: path)
    defer {
      try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    }
    do {
      try await engine.start()
      try? await engine.kill()
      report.violations.append(
        Violation(.wrongAnswer, "it starts on a data folder that it cannot write to"))
    } catch {
      let words = engine.errorTail
      if words.contains("setpriv:") {
        report.facts.append("a folder that is not writable: NOT RUN: \(words)")
        return
      }
      if !words.contains(path) {
        report.violations.append(
          Violation(.wrongAnswer, "it does not say which folder it cannot write to: \(words)"))
      }
      let said = words.split(separator: "\n").last.map(String.init) ?? ""
      report.facts.append("a folder that is not writable: \"\(said.replacing(path, with: "DIR"))\"")
    }
  }
}
