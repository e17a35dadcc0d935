import Foundation
import NIOCore
import StockLoop
import StockRedis
import Synchronization
import Testing

@Suite("A redis-server of our own")
struct ManagedRedisTests {
  /// Runs `body` with a folder, and leaves no server behind.
  private func with(_ body: (String) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let data = folder.path + "/data"
    var failure: (any Error)?
    do { try await body(data) } catch { failure = error }
    if let pid = serverPID(data) { kill(pid, SIGKILL) }
    folder.remove()
    if let failure { throw failure }
  }

  private func serverPID(_ data: String) -> Int32? {
    let text = try? String(contentsOfFile: data + "/redis.pid", encoding: .utf8)
    return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private func call(_ redis: ManagedRedis, _ words: [String]) async throws -> RESPValue {
    let connection = try await RedisConnection.connect(
      to: redis.address, on: LoopGroup.shared.nextLoop()
    ).get()
    let reply = try await connection.call(words)
    await connection.disconnect()
    return reply
  }

  @Test("starts in a new folder, safely set, and stops with its data on the disk")
  func startAndStop() async throws {
    try await with { data in
      let redis = try await ManagedRedis.start(dataFolder: data, durability: .everysec)
      #expect(!redis.wasRunning)
      let mode = try FileManager.default.attributesOfItem(atPath: data)[.posixPermissions]
      #expect(mode as? Int == 0o700)
      for (name, value) in [
        ("port", "0"), ("appendonly", "yes"), ("appendfsync", "everysec"), ("save", ""),
        ("maxmemory-policy", "noeviction"), ("unixsocketperm", "700"),
      ] {
        #expect(
          try await call(redis, ["CONFIG", "GET", name]) == .array([.text(name), .text(value)]))
      }
      _ = try await call(redis, ["SET", "kept", "1"])
      #expect(try await redis.restartIfDead() == false)
      try await redis.stop()
      try await redis.stop()
      #expect(await redis.pid == nil)
      await #expect(throws: RedisSetupError.self) { try await redis.restartIfDead() }

      let second = try await ManagedRedis.start(dataFolder: data, durability: .always)
      #expect(!second.wasRunning)
      #expect(try await call(second, ["GET", "kept"]) == .text("1"))
      #expect(
        try await call(second, ["CONFIG", "GET", "appendfsync"])
          == .array([.text("appendfsync"), .text("always")]))
      try await second.stop()
    }
  }

  @Test("a killed redis-server is started again, once, with what it had")
  func killed() async throws {
    try await with { data in
      let redis = try await ManagedRedis.start(dataFolder: data, durability: .always)
      for index in 0..<100 { _ = try await call(redis, ["SET", "k\(index)", "\(index)"]) }
      let pid = try #require(await redis.pid)
      kill(pid, SIGKILL)
      while kill(pid, 0) == 0, await redis.pid != nil {
        try await Task.sleep(for: .milliseconds(5))
      }
      async let first = redis.restartIfDead()
      async let second = redis.restartIfDead()
      let started = [try await first, try await second]
      #expect(started.contains(true))
      let newPID = try #require(await redis.pid)
      #expect(newPID != pid)
      #expect(try await redis.restartIfDead() == false)
      #expect(await redis.pid == newPID)
      // With `everysec` Redis holds writes back while an fsync is under way, and a kill loses them.
      #expect(try await call(redis, ["DBSIZE"]) == .integer(100))
      #expect(try await call(redis, ["GET", "k99"]) == .text("99"))
      try await redis.stop()
    }
  }

  @Test("a second engine on the folder is refused; the lock goes with the first")
  func locked() async throws {
    try await with { data in
      let redis = try await ManagedRedis.start(dataFolder: data, durability: .everysec)
      let error = try await #require(throws: RedisSetupError.self) {
        _ = try await ManagedRedis.start(dataFolder: data, durability: .everysec)
      }
      #expect(error.code == .locked)
      #expect(error.message.contains(data))
      try await redis.stop()
      let next = try await ManagedRedis.start(dataFolder: data, durability: .everysec)
      try await next.stop()
    }
  }

  @Test("the server that a killed engine left is found, and set to the mode asked for")
  func found() async throws {
    try await with { data in
      // The engine's end without a stop: only the lock goes away.
      var first: ManagedRedis? = try await ManagedRedis.start(
        dataFolder: data, durability: .everysec)
      let pid = try #require(await first?.pid)
      if let first { _ = try await call(first, ["SET", "kept", "1"]) }
      first = nil
      let second = try await ManagedRedis.start(dataFolder: data, durability: .always)
      #expect(second.wasRunning)
      #expect(await second.pid == pid)
      #expect(try await call(second, ["GET", "kept"]) == .text("1"))
      #expect(
        try await call(second, ["CONFIG", "GET", "appendfsync"])
          == .array([.text("appendfsync"), .text("always")]))
      try await second.stop()
    }
  }

  @Test("a stale pid file and socket are no obstacle, even if the number is another process's")
  func stale() async throws {
    try await with { data in
      let first = try await ManagedRedis.start(dataFolder: data, durability: .everysec)
      let pid = try #require(await first.pid)
      kill(pid, SIGKILL)
      while await first.pid != nil { try await Task.sleep(for: .milliseconds(5)) }
      try "\(ProcessInfo.processInfo.processIdentifier)\n".write(
        toFile: data + "/redis.pid", atomically: true, encoding: .utf8)
      #expect(await first.pid == nil)
      #expect(try await first.restartIfDead())
      try await first.stop()
    }
  }

  @Test("a start that cannot be says why")
  func refusals() async throws {
    try await with { data in
      let long = data + "/" + String(repeating: "x", count: 90)
      let cases: [(String, String?, RedisSetupError.Code, String)] = [
        (data, "/nowhere/redis-server", .notInstalled, "/nowhere/redis-server"),
        (data, "/bin/false", .notStarting, "exit status 1"),
        (long, nil, .invalid, "at most 100"),
        ("/proc/nothing/here", nil, .invalid, "Cannot make the folder"),
        ("", nil, .invalid, "no name"),
      ]
      for (folder, executable, code, word) in cases {
        let error = try await #require(throws: RedisSetupError.self) {
          _ = try await ManagedRedis.start(
            dataFolder: folder, durability: .everysec, executable: executable,
            startTimeout: .seconds(2))
        }
        #expect(error.code == code, "\(error)")
        #expect(error.message.contains(word), "\(error)")
      }
    }
  }

  @Test("a server that hangs is given up after the time-out, with the reason")
  func hangs() async throws {
    try await with { data in
      let redis = try await ManagedRedis.start(
        dataFolder: data, durability: .everysec, startTimeout: .seconds(40))
      let pid = try #require(await redis.pid)
      kill(pid, SIGSTOP)
      let error = try await #require(throws: RedisSetupError.self) {
        _ = try await redis.restartIfDead()
      }
      #expect(error.code == .notStarting)
      kill(pid, SIGCONT)
      #expect(try await redis.restartIfDead() == false)
      try await redis.stop()
    }
  }

  @Test("one that dies at once ends the wait, with the end of its log", .timeLimit(.minutes(1)))
  func diesAtOnce() async throws {
    try await with { data in
      try FileManager.default.createDirectory(
        atPath: data + "/appendonlydir", withIntermediateDirectories: true)
      try "garbage\n".write(
        toFile: data + "/appendonlydir/appendonly.aof.manifest", atomically: true, encoding: .utf8)
      let error = try await #require(throws: RedisSetupError.self) {
        _ = try await ManagedRedis.start(
          dataFolder: data, durability: .everysec, startTimeout: .hours(1))
      }
      #expect(error.code == .notStarting)
      #expect(error.message.contains("manifest"), "\(error)")
    }
  }

  @Test("a start that is given up takes along the server that it brought up")
  func givenUp() async throws {
    try await with { data in
      try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
      // A server that comes up and answers nobody.
      let script = data + "/server.sh"
      try """
      #!/bin/sh
      for word; do [ "$last" = --pidfile ] && file=$word; last=$word; done
      sh -c 'echo $$ > "$0"; while :; do sleep 1; done' "$file" "$@" &
      """.write(toFile: script, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
      let start = Task {
        try await ManagedRedis.start(
          dataFolder: data, durability: .everysec, executable: script, startTimeout: .hours(1))
      }
      while serverPID(data) == nil { try await Task.sleep(for: .milliseconds(5)) }
      let pid = try #require(serverPID(data))
      #expect(isRunning(pid))
      start.cancel()
      await #expect(throws: CancellationError.self) { _ = try await start.value }
      #expect(!isRunning(pid))
    }
  }

  @Test("an engine whose folder was moved away leaves another engine's server alone")
  func movedAway() async throws {
    try await with { data in
      let told = Mutex<[String]>([])
      let first = try await ManagedRedis.start(dataFolder: data, durability: .everysec) { line in
        told.withLock { $0.append(line) }
      }
      let own = try #require(await first.pid)
      defer { kill(own, SIGKILL) }
      try FileManager.default.moveItem(atPath: data, toPath: data + "-moved")
      let second = try await ManagedRedis.start(dataFolder: data, durability: .everysec)
      let other = try #require(await second.pid)
      #expect(!second.wasRunning && other != own)
      await #expect(throws: RedisSetupError.self) { _ = try await first.restartIfDead() }
      try await first.stop()
      #expect(await second.pid == other)
      #expect(try await call(second, ["PING"]) == .text("PONG"))
      #expect(isRunning(own), "ending it would delete the other's socket")
      #expect(told.withLock { $0 }.contains { $0.contains("another engine's, and stays") })
      try await second.stop()
    }
  }

  /// A dead process that nobody has reaped has no command line.
  private func isRunning(_ pid: Int32) -> Bool {
    let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
    return line.map { !$0.isEmpty } ?? false
  }
}
