import NIOCore
import NIOPosix
import StockLoop
import StockRedis
import Synchronization
import Testing

@Suite("A connection")
struct ConnectionTests {
  @Test("answers come in the order of the commands, many in one tick")
  func order() async throws {
    try await TestRedis.with { _, connection in
      let replies = try await connection.callAll(
        (0..<5000).map { $0 % 1000 == 999 ? ["NOSUCH"] : ["ECHO", "number \($0)"] })
      #expect(replies.count == 5000)
      for (index, reply) in replies.enumerated() {
        if index % 1000 == 999 {
          guard case .error(let words) = reply else {
            Issue.record("no error at \(index)")
            continue
          }
          #expect(words.hasPrefix("ERR unknown command"))
        } else {
          #expect(reply == .text("number \(index)"))
        }
      }
    }
  }

  @Test("every kind of reply is read")
  func kinds() async throws {
    try await TestRedis.with { _, connection in
      #expect(try await connection.call(["PING"]) == .text("PONG"))
      #expect(try await connection.call(["GET", "nothing"]) == .null)
      #expect(try await connection.call(["INCRBY", "n", "-7"]) == .integer(-7))
      _ = try await connection.call(["RPUSH", "list", "a", "", "c"])
      #expect(
        try await connection.call(["LRANGE", "list", "0", "-1"])
          == .array([.text("a"), .text(""), .text("c")]))
      #expect(try await connection.call(["LRANGE", "list", "5", "9"]) == .array([]))
      #expect(
        try await connection.call(["EVAL", "return {1, {false, 'x'}}", "0"])
          == .array([.integer(1), .array([.null, .text("x")])]))
      #expect(try await connection.query({ $0.writeRESPCommand(["PING"]) }) { $0.equals("PONG") })
    }
  }

  @Test("a reply of megabytes, and what follows it, come whole")
  func bigReply() async throws {
    try await TestRedis.with { _, connection in
      let text = String(repeating: "0123456789abcdef", count: 500_000)
      let replies = try await connection.callAll([
        ["SET", "big", text], ["GET", "big"], ["ECHO", "after"],
      ])
      #expect(replies[0] == .text("OK"))
      #expect(replies[1].text?.utf8.count == text.utf8.count)
      #expect(replies[1].text == text)
      #expect(replies[2] == .text("after"))
    }
  }

  @Test("AUTH with and without a user, and SELECT; wrong ones are refused in Redis's words")
  func handshake() async throws {
    try await TestRedis.with(
      ["--requirepass", "pw", "--user", "me", "on", ">my-pw", "~*", "+@all"], user: (nil, "pw")
    ) { redis, connection in
      #expect(try await connection.call(["PING"]) == .text("PONG"))
      var address = redis.address
      address.username = "me"
      address.password = "my-pw"
      address.database = 3
      let mine = try await redis.connect(address)
      #expect(try await mine.call(["ACL", "WHOAMI"]) == .text("me"))
      #expect(try await mine.call(["CLIENT", "INFO"]).text?.contains(" db=3 ") == true)
      await mine.disconnect()

      for (password, database, word) in [
        ("wrong", 0, "WRONGPASS"), ("my-pw", 99, "ERR DB index"), (nil, 0, "NOAUTH"),
      ] {
        address.password = password
        address.database = database
        let error = try await #require(throws: RedisConnectionError.self) {
          try await redis.connect(address)
        }
        #expect(error.code == .refused)
        #expect(error.message.hasPrefix(word), "\(error)")
        #expect(!error.message.contains("my-pw"))
      }
    }
  }

  @Test("nobody listening is unreachable")
  func unreachable() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let error = try await #require(throws: RedisConnectionError.self) {
      try await RedisConnection.connect(
        to: RedisAddress(endpoint: .unix(path: folder.path + "/none")),
        on: LoopGroup.shared.nextLoop()
      ).get()
    }
    #expect(error.code == .unreachable)
    #expect(!error.mayHaveRun)
  }

  @Test(
    "a server that does not take the first commands is no connection",
    arguments: [
      ([], RedisConnectionError.Code.unreachable, "does not answer"),
      (
        ["-LOADING Redis is loading the dataset in memory\r\n+b\r\n+c\r\n+d\r\n+e\r\n"], .notReady,
        "LOADING"
      ),
      (["-ERR Error compiling script\r\n+b\r\n+c\r\n+d\r\n+e\r\n"], .refused, "Redis 7.0 or newer"),
      (["-ERR max number of clients reached\r\n+b\r\n+c\r\n+d\r\n+e\r\n"], .refused, "clients"),
    ] as [([String], RedisConnectionError.Code, String)])
  func firstCommands(
    _ pieces: [String], _ code: RedisConnectionError.Code, _ word: String
  ) async throws {
    let server = try await ScriptedServer(pieces)
    let error = try await #require(throws: RedisConnectionError.self) {
      try await RedisConnection.connect(
        to: server.address, on: LoopGroup.shared.nextLoop(),
        connectTimeout: pieces.isEmpty ? .milliseconds(200) : .seconds(20)
      ).get()
    }
    #expect(error.code == code, "\(error)")
    #expect(error.message.contains(word), "\(error)")
    try await server.stop()
  }

  @Test("when Redis is killed all that waits fails, once, and later sends fail at once")
  func killed() async throws {
    try await TestRedis.with { redis, connection in
      let log = Log()
      let loop = connection.eventLoop
      try await loop.submit {
        connection.onClose = { log.add("closed: \($0.code)") }
        for index in 0..<3 {
          connection.send({ $0.writeRESPCommand(["BLPOP", "none\(index)", "0"]) }) { result in
            if case .failure(let error) = result { log.add("\(index) \(error.mayHaveRun)") }
            if index == 0 {
              // A handler that asks again in the middle of the end.
              connection.send({ $0.writeRESPCommand(["PING"]) }) { result in
                if case .failure(let error) = result { log.add("again \(error.mayHaveRun)") }
              }
            }
          }
        }
        connection.flush()
      }.get()
      redis.kill()
      await log.wait(count: 5)
      try await loop.submit {
        connection.close()
        #expect(!connection.isOpen)
        #expect(connection.waitingCount == 0)
        connection.send({ $0.writeRESPCommand(["PING"]) }) { result in
          if case .failure(let error) = result { log.add("late \(error.code)") }
        }
      }.get()
      #expect(
        log.lines == ["0 true", "again false", "1 true", "2 true", "closed: closed", "late closed"])
    }
  }

  @Test("closing tells the commands that left from those that did not")
  func closing() async throws {
    try await TestRedis.with { _, connection in
      let log = Log()
      try await connection.eventLoop.submit {
        for name in ["sent", "unsent"] {
          connection.send({ $0.writeRESPCommand(["PING"]) }) { result in
            if case .failure(let error) = result { log.add("\(name) \(error.mayHaveRun)") }
          }
          if name == "sent" { connection.flush() }
        }
        connection.close()
        connection.onClose = { log.add("closed: \($0.code)") }
      }.get()
      #expect(log.lines == ["sent true", "unsent false", "closed: closed"])
    }
  }

  @Test("a handler may close the connection while more replies wait to be read")
  func closeWithin() async throws {
    try await TestRedis.with { _, connection in
      let log = Log()
      try await connection.eventLoop.submit {
        for index in 0..<3 {
          connection.send({ $0.writeRESPCommand(["PING"]) }) { result in
            switch result {
            case .success(let reply):
              connection.close()
              // The reply is valid while its handler runs, whatever happens to the connection.
              log.add("\(index) \(reply)")
            case .failure: log.add("\(index) failed")
            }
          }
        }
      }.get()
      await log.wait(count: 3)
      #expect(log.lines == ["1 failed", "2 failed", "0 PONG"])
    }
  }

  @Test(
    "a question that Redis does not answer ends the connection after a while",
    arguments: ["call", "callAll", "query"])
  func silence(_ kind: String) async throws {
    // It takes the command, and says nothing: as a host that has lost its power.
    let server = try await ScriptedServer([])
    let connection = try await RedisConnection.connect(
      to: server.address, on: LoopGroup.shared.nextLoop(), answerTimeout: .milliseconds(50),
      loadScripts: false
    ).get()
    let log = Log()
    let asking = Task {
      do throws(RedisConnectionError) {
        switch kind {
        case "call": _ = try await connection.call(["PING"])
        case "callAll": _ = try await connection.callAll([["PING"], ["PING"]])
        default: _ = try await connection.query({ $0.writeRESPCommand(["PING"]) }) { _ in 0 }
        }
        log.add("answered")
      } catch {
        log.add("\(error.code) \(error.mayHaveRun)")
      }
    }
    for _ in 0..<6_000 where log.lines.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    #expect(log.lines == ["closed true"])
    #expect(try await connection.eventLoop.submit { !connection.isOpen }.get())
    // Whoever still waits does so no more.
    await connection.disconnect()
    await asking.value
    try await server.stop()
  }

  @Test("too many waiting commands are refused, not kept")
  func tooMany() async throws {
    try await TestRedis.with { _, connection in
      let log = Log()
      try await connection.eventLoop.submit {
        for index in 0...RedisConnection.maxWaiting {
          connection.send({ $0.writeRESPCommand(["PING"]) }) { result in
            if case .failure(let error) = result { log.add("\(index) \(error.code)") }
          }
        }
      }.get()
      #expect(log.lines == ["\(RedisConnection.maxWaiting) tooManyWaiting"])
      // The others are answered, and make room again.
      while try await connection.eventLoop.submit({ connection.waitingCount }).get() > 0 {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(log.lines.count == 1)
      #expect(try await connection.call(["PING"]) == .text("PONG"))
    }
  }

  @Test(
    "bytes that are no reply, or a reply unasked, end the connection",
    arguments: [
      (["+PO", "NG\r", "\n"], [RESPValue.text("PONG")], nil),
      (["*2\r\n$3\r\na", "bc\r\n:", "12", "\r\n"], [.array([.text("abc"), .integer(12)])], nil),
      (["+A\r\n+B\r\n"], [.text("A")], "unasked: B"),
      (["?what\r\n"], [], "not a reply"),
      (["$99999999999999999999\r\n"], [], "not a reply"),
    ] as [([String], [RESPValue], String?)])
  func bytes(_ pieces: [String], _ replies: [RESPValue], _ problem: String?) async throws {
    let server = try await ScriptedServer(pieces)
    let connection = try await RedisConnection.connect(
      to: server.address, on: LoopGroup.shared.nextLoop(), loadScripts: false
    ).get()
    let log = Log()
    try await connection.eventLoop.submit {
      connection.onClose = { log.add("\($0.code): \($0.message)") }
      connection.send({ $0.writeRESPCommand(["PING"]) }) { result in
        switch result {
        case .success(let reply): log.add("\(RESPValue(reply))")
        case .failure(let error): log.add("failed \(error.code) \(error.mayHaveRun)")
        }
      }
    }.get()
    await log.wait(count: problem == nil ? 1 : 2)
    if let problem {
      #expect(log.lines.first == replies.first.map { "\($0)" } ?? "failed protocolViolation true")
      #expect(log.lines.last?.hasPrefix("protocolViolation") == true)
      #expect(log.lines.last?.contains(problem) == true, "\(log.lines)")
    } else {
      #expect(log.lines == replies.map { "\($0)" })
    }
    await connection.disconnect()
    try await server.stop()
  }
}

/// What happened, in order.
final class Log: Sendable {
  private let held = Mutex<[String]>([])

  func add(_ line: String) { held.withLock { $0.append(line) } }
  var lines: [String] { held.withLock { $0 } }

  func wait(count: Int) async {
    for _ in 0..<500 where lines.count < count { try? await Task.sleep(for: .milliseconds(10)) }
  }
}

/// A server that answers whatever it gets with the given pieces, some time between them.
final class ScriptedServer: Sendable {
  let address: RedisAddress
  private let folder: TemporaryFolder
  private let channel: any Channel

  init(_ pieces: [String]) async throws {
    folder = try TemporaryFolder()
    address = RedisAddress(endpoint: .unix(path: folder.path + "/s"))
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answerer(pieces))
        }
      }
      .bind(unixDomainSocketPath: folder.path + "/s").get()
  }

  func stop() async throws {
    try await channel.close()
    folder.remove()
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var pieces: [String]

    init(_ pieces: [String]) { self.pieces = pieces }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let channel = context.channel
      for (index, piece) in pieces.enumerated() {
        context.eventLoop.scheduleTask(in: .milliseconds(Int64(index) * 15)) {
          channel.writeAndFlush(ByteBuffer(string: piece), promise: nil)
        }
      }
      pieces = []
    }
  }
}
