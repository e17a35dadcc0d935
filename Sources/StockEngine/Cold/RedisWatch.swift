import NIOConcurrencyHelpers
import StockCore
import StockRedis

/// What Redis says of itself (INFO), for whoever watches the engine.
public struct RedisFigures: Equatable, Sendable {
  /// It answered when it was asked last.
  public var isConnected = false
  public var usedBytes: Int?
  /// What its process has of the machine's memory.
  public var residentBytes: Int?
  /// 0: no bound.
  public var maxBytes: Int?
  public var clients: Int?
  public var isLoading: Bool?
  /// The append-only file was written the last time it was tried; nil: there is none.
  public var isFileWritten: Bool?
  /// The last rewriting of the file worked.
  public var isFileRewritten: Bool?
  public var isRewritingFile: Bool?
  public var fileBytes: Int?
  /// Writes that had to wait because an fsync was still under way, since Redis started.
  public var delayedFsyncs: Int?

  public init() {}

  /// - Parameter info: the reply to INFO.
  init(info: String) {
    isConnected = true
    var fields: [Substring: Substring] = [:]
    for line in info.split(whereSeparator: { $0 == "\r\n" || $0 == "\n" }) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon]] = line[line.index(after: colon)...]
    }
    func number(_ name: Substring) -> Int? { fields[name].flatMap { Int($0) } }
    func flag(_ name: Substring, _ word: Substring) -> Bool? { fields[name].map { $0 == word } }
    usedBytes = number("used_memory")
    residentBytes = number("used_memory_rss")
    maxBytes = number("maxmemory")
    clients = number("connected_clients")
    isLoading = flag("loading", "1")
    guard fields["aof_enabled"] == "1" else { return }
    isFileWritten = flag("aof_last_write_status", "ok")
    isFileRewritten = flag("aof_last_bgrewrite_status", "ok")
    isRewritingFile = flag("aof_rewrite_in_progress", "1")
    fileBytes = number("aof_current_size")
    delayedFsyncs = number("aof_delayed_fsync")
  }
}

/// Asks Redis for INFO, beside everything else. Whoever looks gets what was heard last, and that is
/// asked anew for the next look: so a Redis that hangs does not keep those waiting who want to know.
final class RedisWatch: Sendable {
  private struct State {
    var latest: RedisFigures?
    var isAsking = false
  }

  private let connection: ColdConnection
  private let state = NIOLockedValueBox(State())

  init(connection: ColdConnection) { self.connection = connection }

  /// nil: nothing has been heard yet.
  func look() -> RedisFigures? {
    let (latest, isMine) = state.withLockedValue { state in
      defer { state.isAsking = true }
      return (state.latest, !state.isAsking)
    }
    if isMine { Task { await ask() } }
    return latest
  }

  private func ask() async {
    var heard = RedisFigures()
    do {
      heard = try await connection.ask(["INFO"]) { reply in
        guard !reply.isError, let text = reply.string else {
          return .failure(.unavailable("redis: \(reply)"))
        }
        return .success(RedisFigures(info: text))
      }
    } catch {
      // That it does not answer is what is to be told.
    }
    let figures = heard
    state.withLockedValue { state in
      state.latest = figures
      state.isAsking = false
    }
  }
}
