import Glibc
import NIOCore
import StockLoop
import Testing

@testable import StockHTTP

/// Sockets that somebody else has connected.
@Suite struct AdoptTests {
  @Test(arguments: [true, false])
  func aSocketThatIsHandedInIsServed(_ isSecure: Bool) async throws {
    try await withServer { server, _, _ in
      // Of two loops each gets some.
      for _ in 0..<4 {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        try server.adopt(descriptor: ends[0], isSecure: isSecure, address: "203.0.113.9")
        let asked = Array(
          request("POST", "/admin/session", nil, token: "admin", "Connection: close\r\n").utf8)
        #expect(asked.withUnsafeBytes { send(ends[1], $0.baseAddress, $0.count, 0) } == asked.count)
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        // It ends when the server has.
        while case let got = recv(ends[1], &part, part.count, 0), got > 0 { all += part[..<got] }
        close(ends[1])
        let answer = try #require(
          try Response.parse(String(decoding: all, as: UTF8.self)).first)
        #expect(answer.status == 200)
        #expect(answer.fields["set-cookie"]?.hasSuffix("; Secure") == isSecure)
      }
    }
  }

  @Test func whatIsNoSocketIsRefused() async throws {
    try await withServer { server, _, _ in
      #expect(throws: SocketError.self) { try server.adopt(descriptor: -1, isSecure: false) }
    }
  }
}
