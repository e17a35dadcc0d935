import Foundation
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import StockLoop

struct TimedOut: Error {}

/// Waits until something is so: as long as a loaded machine may need.
func eventually(_ condition: () async throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(60)
  while try await !condition() {
    guard ContinuousClock.now < end else { throw TimedOut() }
    try await Task.sleep(for: .milliseconds(2))
  }
}

/// Loops for a test, ended with it.
func withLoops<R>(_ threads: Int = 1, _ body: (LoopGroup) async throws -> R) async throws -> R {
  let group = try LoopGroup(threads: threads, name: "test")
  let result: Result<R, any Error>
  do { result = .success(try await body(group)) } catch { result = .failure(error) }
  try await group.shutdownGracefully()
  return try result.get()
}

/// What happened, in order, from whichever thread.
final class Log: Sendable {
  private let held = NIOLockedValueBox<[String]>([])

  func add(_ line: String) { held.withLockedValue { $0.append(line) } }
  var lines: [String] { held.withLockedValue { $0 } }
}

/// A socket that notes what it hears.
final class Noting: StreamSocket {
  struct Heard: Sendable {
    var bytes: [UInt8] = []
    var inputEnds = 0
    var roomAgain = 0
    var allSent = 0
    var closes = 0
  }

  let heard: NIOLockedValueBox<Heard>
  /// Sends back what comes.
  var echoes = false
  /// Is called with what comes, before it is noted.
  var onBytes: (Noting) -> Void = { _ in }

  init(_ descriptor: CInt, on loop: LoopThread?, heard: NIOLockedValueBox<Heard> = .init(Heard())) {
    self.heard = heard
    super.init(descriptor, on: loop)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    onBytes(self)
    heard.withLockedValue { $0.bytes += bytes }
    if echoes { send(bytes) }
  }

  override func inputEnded() { heard.withLockedValue { $0.inputEnds += 1 } }
  override func becameWritable() { heard.withLockedValue { $0.roomAgain += 1 } }
  override func sentAll() { heard.withLockedValue { $0.allSent += 1 } }
  override func closed() { heard.withLockedValue { $0.closes += 1 } }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { send($0) } }
}

/// Two sockets that are connected; ours is non-blocking, theirs is plain.
func pair() throws -> (ours: CInt, theirs: CInt) {
  var ends: [CInt] = [-1, -1]
  try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
  try StreamSocket.prepare(ends[0])
  return (ends[0], ends[1])
}

/// What comes at a plain socket, until `count` bytes are there or the other side has ended.
func read(_ descriptor: CInt, _ count: Int) -> [UInt8] {
  var all: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 65_536)
  while all.count < count {
    let got = part.withUnsafeMutableBytes {
      recv(descriptor, $0.baseAddress, min($0.count, count - all.count), 0)
    }
    guard got > 0 else { break }
    all += part[..<got]
  }
  return all
}

func write(_ descriptor: CInt, _ bytes: [UInt8]) {
  _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
}
