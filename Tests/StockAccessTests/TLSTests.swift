import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import StockAccess

/// TLS before a server that knows nothing of it.
@Suite(.timeLimit(.minutes(10))) struct TLSTests {
  private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// The sockets that were handed over, in order.
  private final class Deliveries: Sendable {
    private let sockets = NIOLockedValueBox<[(socket: CInt, peer: String)]>([])

    func add(_ socket: CInt, _ peer: String) {
      sockets.withLockedValue { $0.append((socket, peer)) }
    }

    var count: Int { sockets.withLockedValue { $0.count } }

    /// The next one.
    func next() async throws -> (socket: CInt, peer: String) {
      for _ in 0..<6_000 {
        let first = sockets.withLockedValue { $0.isEmpty ? nil : $0.removeFirst() }
        if let first { return first }
        try await Task.sleep(for: .milliseconds(10))
      }
      throw TLSClient.TimedOut()
    }
  }

  private func withListener(
    _ configure: (inout TLSListener.Settings) -> Void = { _ in },
    _ body: (TLSListener, SocketAddress, SelfSigned, Deliveries, Files) async throws -> Void
  ) async throws {
    let signed = try SelfSigned()
    let files = try Files(
      certificate: TemporaryFile(signed.certificate), key: TemporaryFile(signed.key))
    var settings = TLSListener.Settings(
      host: "127.0.0.1", port: 0, certificate: files.certificate.path, key: files.key.path)
    configure(&settings)
    let deliveries = Deliveries()
    let listener = try await TLSListener.start(settings, logger: quiet) {
      deliveries.add($0, $1)
    }
    let address = try #require(listener.localAddress)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(listener, address, signed, deliveries, files))
    } catch {
      result = .failure(error)
    }
    await listener.stop()
    try result.get()
  }

  private struct Files {
    var certificate: TemporaryFile
    var key: TemporaryFile
  }

  @Test(
    "bytes go both ways, whole and in order, from either side", arguments: [nil, TLSVersion.tlsv12])
  func bothWays(_ version: TLSVersion?) async throws {
    try await withListener { listener, address, signed, deliveries, _ in
      let client = try await TLSClient(address, signed.client(maximum: version))
      // At once: what comes before the bridge stands must not be lost.
      try await client.send("hello")
      let delivered = try await deliveries.next()
      #expect(delivered.peer == "127.0.0.1")
      let server = try await TLSClient(socket: delivered.socket)
      try await server.wait(text: "hello")
      let large = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      async let there: Void = client.send(large)
      async let back: Void = server.send(large)
      _ = try await (there, back)
      try await server.wait(count: large.count + 5)
      try await client.wait(count: large.count)
      #expect(server.bytes.dropFirst(5).elementsEqual(large))
      #expect(client.bytes == large)
      await client.close()
      try await server.ended()
      await server.close()
    }
  }

  @Test("who does not read makes the other side wait, and gets it all in the end")
  func backPressure() async throws {
    try await withListener { listener, address, signed, deliveries, _ in
      let client = try await TLSClient(address, signed.client())
      try await client.send("x")
      let server = try await TLSClient(socket: deliveries.next().socket)
      try await client.stopReading()
      let large = [UInt8](repeating: 7, count: 32 << 20)
      let sending = Task { try await server.send(large) }
      try await Task.sleep(for: .milliseconds(200))
      try await client.resumeReading()
      try await sending.value
      try await client.wait(count: large.count)
      await client.close()
      await server.close()
    }
  }

  @Test("a side that ends is passed on, and the other one still answers")
  func halfClose() async throws {
    try await withListener { listener, address, signed, deliveries, _ in
      let client = try await TLSClient(address, signed.client())
      try await client.send("question")
      try await client.closeOutput()
      let server = try await TLSClient(socket: deliveries.next().socket)
      try await server.ended()
      #expect(server.text == "question")
      try await server.send("answer")
      try await server.closeOutput()
      try await client.ended()
      #expect(client.text == "answer")
      await client.close()
      await server.close()
    }
  }

  @Test("what was written before a side is gone still arrives")
  func lastWords() async throws {
    try await withListener { listener, address, signed, deliveries, _ in
      let client = try await TLSClient(address, signed.client())
      try await client.send("x")
      let server = try await TLSClient(socket: deliveries.next().socket)
      try await server.wait(text: "x")
      let large = [UInt8](repeating: 9, count: 1 << 20)
      try await server.send(large)
      await server.close()
      try await client.ended()
      #expect(client.bytes.count == large.count)
    }
  }

  @Test("who begins no handshake is closed after a while, and was never handed on")
  func silence() async throws {
    try await withListener {
      $0.handshakeTimeout = .milliseconds(300)
    } _: { listener, address, signed, deliveries, _ in
      let silent = try await TLSClient(address, nil)
      let slow = try await TLSClient(address, nil)
      try await slow.send([0x16, 3, 1])
      try await silent.ended()
      try await slow.ended()
      #expect(deliveries.count == 0)
      try await isEmpty(listener)
    }
  }

  @Test(
    "what is not TLS 1.2 or newer is not handed on",
    arguments: ["plain", "tls1.0", "tls1.1", "garbage"])
  func notTLS(_ kind: String) async throws {
    try await withListener { listener, address, signed, deliveries, _ in
      let versions: [String: TLSVersion] = ["tls1.0": .tlsv1, "tls1.1": .tlsv11]
      let client = try await TLSClient(
        address, versions[kind].map { try signed.client(maximum: $0) })
      let text = kind == "plain" ? "GET / HTTP/1.1\r\n\r\n" : String(repeating: "\u{1}", count: 99)
      try? await client.send(text)
      try await client.ended()
      #expect(!client.text.contains("HTTP"))
      #expect(deliveries.count == 0)
      try await isEmpty(listener)
    }
  }

  @Test("one connection too many is closed", arguments: [true, false])
  func tooMany(ofOneAddress: Bool) async throws {
    try await withListener {
      if ofOneAddress { $0.maxConnectionsPerAddress = 1 } else { $0.maxConnections = 1 }
    } _: { listener, address, signed, deliveries, _ in
      let first = try await TLSClient(address, signed.client())
      try await first.send("x")
      let server = try await TLSClient(socket: deliveries.next().socket)
      let second = try await TLSClient(address, nil)
      try await second.ended()
      await first.close()
      await server.close()
      try await isEmpty(listener)
      let third = try await TLSClient(address, signed.client())
      try await third.send("x")
      await third.close()
    }
  }

  private func isEmpty(_ listener: TLSListener) async throws {
    for _ in 0..<6_000 where listener.connections > 0 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(listener.connections == 0)
  }

  @Test("a new certificate is for new connections; a bad one changes nothing")
  func reload() async throws {
    try await withListener { listener, address, signed, deliveries, files in
      let old = try await TLSClient(address, signed.client())
      try await old.send("old")
      let served = try await TLSClient(socket: deliveries.next().socket)

      let next = try SelfSigned()
      // The certificate alone is not that of the key that still lies there.
      try files.certificate.replace(next.certificate)
      listener.refresh()
      #expect(listener.reloads.withLockedValue { $0 } == 0)
      try await works(address, signed, deliveries)

      try files.key.replace(next.key)
      listener.refresh()
      #expect(listener.reloads.withLockedValue { $0 } == 1)
      try await works(address, next, deliveries)
      // Who trusts the old one only does not get through any more.
      let stranger = try await TLSClient(address, signed.client())
      try? await stranger.send("x")
      try await stranger.ended()

      for text in ["", "no certificate", next.key] {
        try files.certificate.replace(text)
        listener.refresh()
      }
      #expect(listener.reloads.withLockedValue { $0 } == 1)
      try await works(address, next, deliveries)
      try await served.send("still here")
      try await old.wait(text: "still here")
      await old.close()
      await served.close()
    }
  }

  private func works(
    _ address: SocketAddress, _ signed: SelfSigned, _ deliveries: Deliveries
  ) async throws {
    let client = try await TLSClient(address, signed.client())
    try await client.send("ping")
    let server = try await TLSClient(socket: deliveries.next().socket)
    try await server.wait(text: "ping")
    await client.close()
    await server.close()
  }

  @Test("files that are not good are refused at the start, by name")
  func badFiles() async throws {
    let one = try SelfSigned()
    let other = try SelfSigned()
    let certificate = try TemporaryFile(one.certificate)
    let key = try TemporaryFile(one.key)
    let otherKey = try TemporaryFile(other.key)
    let nothing = try TemporaryFile("nothing")
    for (first, second, blamed) in [
      (certificate.path, otherKey.path, otherKey.path), (nothing.path, key.path, nothing.path),
      (certificate.path, nothing.path, nothing.path), ("/gone", key.path, "/gone"),
      (certificate.path, "/gone", "/gone"), (key.path, key.path, key.path),
    ] {
      do throws(AccessError) {
        _ = try Certificates(chain: first, key: second)
        Issue.record("taken: \(first) \(second)")
      } catch {
        #expect(error.description.contains(blamed), "\(error)")
        #expect(!error.description.contains("PRIVATE"))
      }
    }
  }

  @Test("without keys only this machine may connect")
  func loopback() async throws {
    let signed = try SelfSigned()
    let certificate = try TemporaryFile(signed.certificate)
    let key = try TemporaryFile(signed.key)
    var settings = TLSListener.Settings(
      host: "0.0.0.0", port: 0, certificate: certificate.path, key: key.path)
    settings.onlyLoopback = true
    await #expect(throws: AccessError.self) {
      try await TLSListener.start(settings, logger: quiet) { _, _ in }
    }
  }

  // MARK: The bridge alone

  private final class Reads: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var count = 0

    func read(context: ChannelHandlerContext) {
      count += 1
      context.read()
    }
  }

  @Test("an end reads only while the other one can be written to")
  func pressure() throws {
    let loop = EmbeddedEventLoop()
    let one = EmbeddedChannel(loop: loop)
    let other = EmbeddedChannel(loop: loop)
    let reads = Reads()
    let end = BridgeEnd(readsAlone: true)
    let otherEnd = BridgeEnd(readsAlone: false)
    try one.pipeline.syncOperations.addHandlers([reads, end])
    try other.pipeline.syncOperations.addHandler(otherEnd)
    for channel in [one, other] {
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
    }
    one.read()
    #expect(reads.count == 1)
    end.waitForPartner()
    one.read()
    #expect(reads.count == 1)
    try one.writeInbound(ByteBuffer(string: "early"))
    BridgeEnd.join(end, otherEnd)
    #expect(reads.count == 2)
    #expect(try other.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "early"))
    other.isWritable = false
    other.pipeline.fireChannelWritabilityChanged()
    one.read()
    #expect(reads.count == 2)
    other.isWritable = true
    other.pipeline.fireChannelWritabilityChanged()
    #expect(reads.count == 3)
    _ = try? one.finish(acceptAlreadyClosed: true)
    _ = try? other.finish(acceptAlreadyClosed: true)
  }
}
