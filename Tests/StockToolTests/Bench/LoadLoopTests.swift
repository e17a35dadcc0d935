import Histogram
import Testing

@testable import StockTools

// One after the other: each takes a thread of its own, and time that has to be enough on a busy machine.
@Suite("The loop of a load", .serialized, .timeLimit(.minutes(15)))
struct LoadLoopTests {
  private static let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)

  private func load(
    _ server: ScriptedServer, connections: Int = 1, seconds: Double = 2,
    _ change: (inout LoadOptions) -> Void = { _ in }
  ) async throws -> LoadTally {
    var options = LoadOptions()
    options.connections = connections
    options.seconds = seconds
    options.warmup = 0
    change(&options)
    let request = Self.request
    let url = try EngineURL("http://127.0.0.1:\(server.port)")
    return try await LoadThreads(url: url, options: options).run("test") { _, _ in
      ConstantWorkload(request)
    }.tally
  }

  @Test("every answer is counted once", arguments: [(1, 1), (3, 1), (2, 7)])
  func counts(connections: Int, pipeline: Int) async throws {
    let server = ScriptedServer { number in
      number % 3 == 0
        ? .pieces(["HTTP/1.1 409 Conflict\r\nContent-Length: 15\r\n\r\n{\"code\":\"none\"}"])
        : .pieces([ScriptedServer.ok])
    }
    let tally = try await load(server, connections: connections) { $0.pipeline = pipeline }
    server.stop()
    #expect(tally.kinds[0].requests == server.count)
    #expect(tally.kinds[0].refused.totalCount == UInt64((server.count + 2) / 3))
    #expect(tally.refusals.byCode == ["none": (server.count + 2) / 3])
    #expect(tally.errors == 0)
    #expect(server.count > 10)
  }

  @Test("answers that come in pieces are put together")
  func pieces() async throws {
    let server = ScriptedServer { number in
      let text = Array(ScriptedServer.ok)
      let cut = 1 + number % (text.count - 1)
      return .pieces([String(text[..<cut]), String(text[cut...])])
    }
    let tally = try await load(server) { $0.pipeline = 3 }
    server.stop()
    #expect(tally.errors == 0)
    #expect(tally.kinds[0].accepted.totalCount == UInt64(server.count))
    #expect(server.count > 10)
  }

  @Test("a connection that the server closes in order is opened again, and is no error")
  func closes() async throws {
    let server = ScriptedServer { number in
      number % 5 == 4
        ? .last("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        : .pieces([ScriptedServer.ok])
    }
    let tally = try await load(server, connections: 2)
    server.stop()
    #expect(tally.errors == 0)
    #expect(tally.kinds[0].requests == server.count)
    #expect(server.count > 10)
  }

  @Test("a lost answer is an unknown outcome, and the load goes on")
  func lost() async throws {
    let server = ScriptedServer { number in
      number == 5 ? .last("HTTP/1.1 200 OK\r\nContent-Le") : .pieces([ScriptedServer.ok])
    }
    let tally = try await load(server)
    server.stop()
    try #require(server.count > 10)
    #expect(tally.errors == 1)
    #expect(tally.kinds[0].unknown == 1)
    #expect(tally.kinds[0].accepted.totalCount == UInt64(server.count - 1))
  }

  @Test("in an open loop a stall is in the latency of all that was due meanwhile")
  func stall() async throws {
    // 200 a second, and one pause of 0.4 s: 80 requests are due meanwhile, and wait for it.
    let server = ScriptedServer { number in
      number == 20 ? .after(0.4, ScriptedServer.ok) : .pieces([ScriptedServer.ok])
    }
    let tally = try await load(server, seconds: 1) { $0.rate = 200 }
    server.stop()
    #expect(tally.kinds[0].requests + tally.neverSent == 200)
    #expect(tally.neverSent < 100)
    let slow = tally.kinds[0].accepted.count(within: 100_000...1_000_000_000)
    #expect(slow >= 50, "\(slow) of 200")
    // The same in a closed loop: one slow request.
    let closed = ScriptedServer { number in
      number == 20 ? .after(0.4, ScriptedServer.ok) : .pieces([ScriptedServer.ok])
    }
    let other = try await load(closed, seconds: 1)
    closed.stop()
    #expect(other.kinds[0].accepted.max >= 390_000)
    #expect(other.kinds[0].accepted.countForValue(other.kinds[0].accepted.max) == 1)
  }

  @Test("what was due and never sent is told")
  func neverSent() async throws {
    let server = ScriptedServer { _ in .after(0.05, ScriptedServer.ok) }
    let tally = try await load(server, connections: 2) { $0.rate = 1_000 }
    server.stop()
    #expect(tally.kinds[0].requests + tally.neverSent == 2_000)
    // 40 a second at most, for the 2 s of the window and the 10 s in which what is late is sent still.
    #expect(tally.neverSent >= 2_000 - 12 * 40 - 2)
  }

  @Test("a server that goes away ends the run, with the reason")
  func gone() async throws {
    let server = ScriptedServer { _ in .last("") }
    let tally = try await load(server, seconds: 30)
    #expect(tally.failure?.contains("the server closed the connection") == true)
    #expect(tally.errors > 0)
    server.stop()
    await #expect(throws: ToolError.self) { try await load(server) }
  }

  @Test("answers that are not understood are errors")
  func notUnderstood() async throws {
    let server = ScriptedServer { _ in
      .pieces(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
    }
    let tally = try await load(server, seconds: 30)
    server.stop()
    #expect(tally.failure?.contains("chunks") == true)
  }
}
