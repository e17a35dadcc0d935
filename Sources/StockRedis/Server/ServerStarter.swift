import Dispatch
import NIOCore
import StockLoop

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Brings the redis-server of a folder to where it answers.
struct ServerStarter: Sendable {
  let executable: String
  let folder: DataFolderBox
  let durability: Durability
  let timeout: TimeAmount
  let progress: @Sendable (String) -> Void

  var address: RedisAddress { RedisAddress(endpoint: .unix(path: folder.value.socket)) }

  private enum Probe {
    /// It answers PING.
    case ready
    /// It reads its files; in percent, if it says so.
    case loading(String)
    /// Nobody listens, or no answer comes.
    case silent(String)
    /// It answers, but refuses PING.
    case refused(String)
  }

  /// - Returns: whether it was running before.
  /// - Throws: also `CancellationError`, when what was started has ended again.
  func ensureRunning() async throws -> Bool {
    let wasRunning: Bool
    switch await probe() {
    case .ready, .loading:
      wasRunning = true
    case .refused(let words):
      throw RedisSetupError(.refused, "redis-server at \(address) refuses PING: \(words)")
    case .silent:
      if ServerProcess.runningPID(in: folder.value) != nil {
        // It has just been started, or hangs: the wait below tells.
        wasRunning = true
      } else {
        wasRunning = false
        // Left by a process that was killed. Redis removes it as well; this one is for versions
        // that do not.
        unlink(folder.value.socket)
        unlink(folder.value.pidFile)
        try await startProcess()
      }
    }
    do {
      try await waitUntilReady()
    } catch let error as CancellationError {
      if !wasRunning { await takeBack() }
      throw error
    }
    if wasRunning { try await setDurability() }
    return wasRunning
  }

  /// Nobody waits for the redis-server any more: the one that was started ends.
  private func takeBack() async {
    // It may not have written its number yet. Our task is cancelled: it cannot sleep.
    await Task {
      let deadline = NIODeadline.now() + .seconds(15)
      var told: pid_t?
      while !ServerProcess.isGone(from: folder.value), NIODeadline.now() < deadline {
        if let pid = ServerProcess.runningPID(in: folder.value), pid != told {
          kill(pid, SIGTERM)
          told = pid
        }
        try? await Task.sleep(for: .milliseconds(20))
      }
    }.value
  }

  /// Starting a program makes its thread wait: not one that others wait for.
  private func startProcess() async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      DispatchQueue.global().async {
        done.resume(
          with: Result {
            try ServerProcess.start(
              executable, in: folder.value, appendfsync: durability.appendfsync)
          })
      }
    }
  }

  private func waitUntilReady() async throws {
    var deadline = NIODeadline.now() + timeout
    var nextLine = NIODeadline.now() + .seconds(1)
    var seen = NIODeadline.now()
    while true {
      let state: String
      switch await probe() {
      case .ready:
        return
      case .refused(let words):
        throw RedisSetupError(.refused, "redis-server at \(address) refuses PING: \(words)")
      case .loading(let percent):
        deadline = NIODeadline.now() + timeout
        seen = .now()
        state = "redis-server reads its files\(percent)"
      case .silent(let reason):
        state = "redis-server does not answer yet"
        // One that begins may not be seen for a moment.
        if !ServerProcess.isGone(from: folder.value) { seen = .now() }
        let isGone = seen + .seconds(1) < .now()
        guard NIODeadline.now() < deadline, !isGone else {
          throw RedisSetupError(
            .notStarting,
            (isGone ? "redis-server has ended.\n" : "redis-server does not answer: \(reason)\n")
              + ServerProcess.logTail(folder.value.logFile))
        }
      }
      if NIODeadline.now() >= nextLine {
        progress(state)
        nextLine = NIODeadline.now() + .seconds(1)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func probe() async -> Probe {
    do {
      let connection = try await RedisConnection.connect(
        to: address, on: LoopGroup.shared.nextLoop(),
        connectTimeout: .seconds(2), loadScripts: false
      ).get()
      // A server that is stopped or hangs takes connections all the same.
      let tooLate = connection.eventLoop.scheduleTask(in: .seconds(2)) { connection.close() }
      defer { tooLate.cancel() }
      let replies = try await connection.callAll([["PING"], ["INFO", "persistence"]])
      await connection.disconnect()
      if case .error(let words) = replies[0] {
        return words.hasPrefix("LOADING") ? .loading(percent(replies[1])) : .refused(words)
      }
      return .ready
    } catch {
      return .silent("\(error)")
    }
  }

  private func percent(_ info: RESPValue) -> String {
    let name = "loading_loaded_perc:"
    let line = info.text?.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name) }
    return line.map { ", \($0.dropFirst(name.count)) %" } ?? ""
  }

  /// A server that an engine before us has started may have been started for another mode.
  private func setDurability() async throws {
    let connection = try await RedisConnection.connect(
      to: address, on: LoopGroup.shared.nextLoop(), loadScripts: false
    ).get()
    let reply = try await connection.call(["CONFIG", "SET", "appendfsync", durability.appendfsync])
    await connection.disconnect()
    try reply.orThrow(reading: "appendfsync")
  }
}
