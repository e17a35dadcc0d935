import StockRedis
import Testing

@testable import StockFaults

@Suite("The proxy between engine and Redis")
struct ProxyTests {
  static let values = [
    "+OK\r\n", "-ERR no\r\n", ":-12\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n",
    "$5\r\na\r\nbc\r\n", "*2\r\n$1\r\na\r\n:7\r\n", "*3\r\n*1\r\n+x\r\n*0\r\n$2\r\nhi\r\n",
    "*1\r\n*1\r\n*2\r\n:1\r\n$-1\r\n",
  ]

  @Test("finds where a value ends, in whatever pieces it comes", arguments: values)
  func scansValues(_ text: String) {
    let bytes = Array("\(text)+next\r\n".utf8)
    for size in 1...bytes.count {
      var scanner = RESPScanner()
      var count = 0
      var isWhole = false
      while !isWhole, count < bytes.count {
        let piece = bytes[count..<min(count + size, bytes.count)]
        let found = scanner.scan(piece)
        isWhole = found.isWhole
        count += found.count
        #expect(isWhole || found.count == piece.count)
      }
      #expect(isWhole)
      #expect(count == text.utf8.count, "in pieces of \(size)")
    }
  }

  @Test("bytes that are no RESP never end")
  func scansNonsense() {
    var scanner = RESPScanner()
    #expect(!scanner.scan(Array("HTTP/1.1 200 OK\r\n".utf8)).isWhole)
    #expect(scanner.isLost)
  }

  @Test("knows a commit and its shard")
  func readsCommands() {
    let commit = RedisCommand(
      Array(
        "*5\r\n$7\r\nevalsha\r\n$2\r\nab\r\n$1\r\n7\r\n$14\r\nstock:{3}:meta\r\n$1\r\nx\r\n".utf8))
    #expect(commit.isCommit)
    #expect(commit.name == "EVALSHA")
    #expect(commit.shard == 3)
    let read = RedisCommand(Array("*2\r\n$7\r\nHGETALL\r\n$5\r\nstock\r\n".utf8))
    #expect(!read.isCommit)
    #expect(read.key == "stock")
    #expect(read.shard == nil)
    #expect(RedisCommand(Array("*1\r\n".utf8)).name == "")
  }

  /// What a client gets to INCR, and what there is afterwards.
  static let faults: [(Fault.Kind, reply: RESPValue?, executed: Int64)] = [
    (.answer("-BUSY no\r\n"), .error("BUSY no"), 0),
    (.replaceReply("-BUSY no\r\n"), .error("BUSY no"), 1),
    (.cutBefore, nil, 0),
    (.cutAfter, nil, 1),
    (.cutInReply(bytes: 2), nil, 1),
    (.delay(.milliseconds(50)), .integer(1), 1),
    (.delayReply(.milliseconds(50)), .integer(1), 1),
    (.throttle(bytesPerSecond: 300), .integer(1), 1),
  ]

  @Test(
    "does what it is told, before or after Redis has executed the command", .timeLimit(.minutes(2)))
  func breaks() async throws {
    let redis = try RedisProcess()
    try await redis.start()
    for overTCP in [false, true] {
      let proxy = try await FaultProxy.start(
        before: .unix(path: redis.socketPath), overTCP: overTCP)
      for (kind, expected, executed) in Self.faults {
        let direct = try await RedisAccess.open(redis.url)
        _ = try await direct.call(["SET", "n", "0"])
        let client = try await RedisAccess.open(proxy.url)
        proxy.set(Fault(kind, on: .everything, skipped: 1))
        #expect(try await client.call(["PING"]) == .text("PONG"))
        let reply = try? await client.call(["INCR", "n"])
        #expect(reply == expected, "\(kind)")
        #expect(proxy.hits == 1)
        #expect(try await direct.call(["GET", "n"]) == .text("\(executed)"), "\(kind)")
        if expected != nil { #expect(try await client.call(["PING"]) == .text("PONG")) }
        await client.disconnect()
        await direct.disconnect()
      }
      try await proxy.stop()
    }
    try await redis.stop()
  }

  @Test("what is delayed gets to Redis also when its sender has given up")
  func deliversLate() async throws {
    let redis = try RedisProcess()
    try await redis.start()
    let proxy = try await FaultProxy.start(before: .unix(path: redis.socketPath))
    let client = try await RedisAccess.open(proxy.url)
    let direct = try await RedisAccess.open(redis.url)
    proxy.set(Fault(.delay(.seconds(3_600)), on: .everything))
    async let reply = try? client.call(["SET", "late", "1"])
    while proxy.hits == 0 { try await Task.sleep(for: .milliseconds(5)) }
    await client.disconnect()
    #expect(await reply == nil)
    #expect(try await direct.call(["GET", "late"]) == .null)
    proxy.lift()
    var isThere = false
    for _ in 0..<6_000 where !isThere {
      try await Task.sleep(for: .milliseconds(10))
      isThere = try await direct.call(["GET", "late"]) == .text("1")
    }
    #expect(isThere)
    await direct.disconnect()
    try await proxy.stop()
    try await redis.stop()
  }
}
