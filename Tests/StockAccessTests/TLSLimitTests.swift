import Foundation
import NIOCore
import StockHTTP
import StockProcesses
import StockTools
import Testing

@testable import StockAccess
@testable import stock

/// By TLS there may be as many connections as without.
@Suite("Limits by TLS", .timeLimit(.minutes(10)))
struct TLSLimitTests {
  private static func settings(_ environment: [String: String]) async throws -> ServeSettings {
    try await ServeSettings.load(
      flags: [:], environment: environment.merging(["HOME": "/home/me"]) { $1 }, file: nil)
  }

  private static let certificate = ["STOCK_TLS_CERT": "/c", "STOCK_TLS_KEY": "/k"]

  @Test("the flags count by TLS too, and a connection by it takes three files")
  func settings() async throws {
    let limits = [
      "STOCK_MAX_CONNECTIONS": "20000", "STOCK_MAX_CONNECTIONS_PER_ADDRESS": "18000",
    ]
    let plain = try await Self.settings(limits)
    #expect(plain.tlsListener == nil)
    #expect(plain.neededFiles == 20_000 + FileLimit.spare)
    let secure = try await Self.settings(limits.merging(Self.certificate) { $1 })
    #expect(secure.tlsListener?.maxConnections == 20_000)
    #expect(secure.tlsListener?.maxConnectionsPerAddress == 18_000)
    #expect(secure.neededFiles == 3 * 20_000 + FileLimit.spare)

    let front = HTTPConfiguration()
    #expect(try await Self.settings([:]).neededFiles == front.maxConnections + FileLimit.spare)
    let usual = try await Self.settings(Self.certificate)
    #expect(usual.tlsListener?.maxConnections == front.maxConnections)
    #expect(usual.tlsListener?.maxConnectionsPerAddress == front.maxConnectionsPerAddress)
    #expect(usual.neededFiles == 3 * front.maxConnections + FileLimit.spare)
  }

  @Test("an engine takes the files that its connections by TLS need, and no more of them")
  func engine() async throws {
    let signed = try SelfSigned()
    let certificate = try TemporaryFile(signed.certificate)
    let key = try TemporaryFile(signed.key)
    let most = 40
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.wrapper = ["/usr/bin/env", "prlimit", "--nofile=64:4096"]
    options.arguments = [
      "--tls-cert", certificate.path, "--tls-key", key.path, "--tls-port", "0",
      "--max-connections", "\(most)", "--max-connections-per-address", "\(most)",
      "--metrics", "open",
    ]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let line = try #require(
      engine.output.split(separator: "\n").first { $0.hasPrefix("listening on https://") })
    let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
    func ask(_ client: TLSClient, _ path: String) async throws {
      try await client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }
    var clients: [TLSClient] = []
    for _ in 0..<most {
      let client = try await TLSClient(address, signed.client())
      try await ask(client, "/healthz")
      try await client.wait(text: "HTTP/1.1 200 ")
      clients.append(client)
    }
    let tooMany = try await TLSClient(address, nil)
    try await tooMany.ended()
    #expect(tooMany.text == "")
    await tooMany.close()
    try await ask(clients[0], "/metrics")
    try await clients[0].wait(text: "\nprocess_max_fds \(3 * most + FileLimit.spare)\n")
    for client in clients { await client.close() }
    try await engine.stop()
  }
}
