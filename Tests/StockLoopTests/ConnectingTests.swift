import Foundation
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import StockLoop

/// Listening and connecting.
@Suite struct ConnectingTests {
  private let anywhere = Result { try SocketAddress(ipAddress: "127.0.0.1", port: 0) }

  private func listen(
    _ loop: LoopThread, accept: (@Sendable (CInt) -> CInt)? = nil,
    _ accepted: @escaping @Sendable (CInt) -> Void
  ) async throws -> NIOLoopBound<Listener> {
    let address = try anywhere.get()
    return try await loop.submit {
      NIOLoopBound(
        try Listener(
          at: address, on: loop, accept: accept ?? { SocketCalls.accept($0) }, accepted: accepted),
        eventLoop: loop)
    }.get()
  }

  private func port(_ listener: NIOLoopBound<Listener>) async throws -> Int {
    try await listener.eventLoop.submit { listener.value.address.port ?? 0 }.get()
  }

  @Test func manyComeAtOnce() async throws {
    try await withLoops(2) { group in
      let accepted = NIOLockedValueBox<[CInt]>([])
      let listener = try await listen(group.loops[0]) { descriptor in
        accepted.withLockedValue { $0.append(descriptor) }
      }
      let port = try await port(listener)
      let futures = (0..<200).map { _ in
        Connector.connect(
          to: .tcp(host: "127.0.0.1", port: port), on: group.loops[1], within: .seconds(60))
      }
      var made: [CInt] = []
      for future in futures { made.append(try await future.get()) }
      try await eventually { accepted.withLockedValue { $0.count == 200 } }
      for descriptor in made + accepted.withLockedValue({ $0 }) { close(descriptor) }
    }
  }

  /// Without files it waits, instead of asking again and again, and goes on when there are some.
  @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
  func withoutFilesItRests(_ reason: CInt) async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let (calls, left) = (NIOLockedValueBox(0), NIOLockedValueBox(2))
      let accepted = NIOLockedValueBox<[CInt]>([])
      let listener = try await listen(loop) { descriptor in
        calls.withLockedValue { $0 += 1 }
        let fails = left.withLockedValue { left in
          defer { left = max(0, left - 1) }
          return left > 0
        }
        guard fails else { return SocketCalls.accept(descriptor) }
        errno = reason
        return -1
      } _: { descriptor in
        accepted.withLockedValue { $0.append(descriptor) }
      }
      let start = ContinuousClock.now
      let made = try await Connector.connect(
        to: .tcp(host: "127.0.0.1", port: port(listener)), on: loop, within: .seconds(60)
      ).get()
      try await eventually { accepted.withLockedValue { $0.count == 1 } }
      #expect(ContinuousClock.now - start >= .milliseconds(190))
      // Twice in vain, once with success, and once to learn that there are no more.
      #expect(calls.withLockedValue { $0 } <= 4)
      #expect(try await loop.submit { listener.value.pauses }.get() == 2)
      close(made)
      for descriptor in accepted.withLockedValue({ $0 }) { close(descriptor) }
    }
  }

  @Test func aConnectionThatIsGoneAgainIsPassedOver() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let left = NIOLockedValueBox([ECONNABORTED, EINTR, EPROTO])
      let accepted = NIOLockedValueBox<[CInt]>([])
      let listener = try await listen(loop) { descriptor in
        let reason = left.withLockedValue { $0.popLast() }
        guard let reason else { return SocketCalls.accept(descriptor) }
        errno = reason
        return -1
      } _: { descriptor in
        accepted.withLockedValue { $0.append(descriptor) }
      }
      let made = try await Connector.connect(
        to: .tcp(host: "127.0.0.1", port: port(listener)), on: loop, within: .seconds(60)
      ).get()
      try await eventually { accepted.withLockedValue { $0.count == 1 } }
      #expect(try await loop.submit { listener.value.pauses }.get() == 0)
      close(made)
      for descriptor in accepted.withLockedValue({ $0 }) { close(descriptor) }
    }
  }

  @Test func anAddressThatIsTakenCannotBeListenedAt() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let listener = try await listen(loop) { close($0) }
      let address = try await loop.submit { listener.value.address }.get()
      await #expect(throws: SocketError("bind", EADDRINUSE)) {
        try await loop.submit { _ = try Listener(at: address, on: loop) { close($0) } }.get()
      }
    }
  }

  @Test func nobodyListens() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let listener = try await listen(loop) { close($0) }
      let port = try await port(listener)
      try await loop.submit { listener.value.close() }.get()
      await #expect(throws: SocketError("connect", ECONNREFUSED)) {
        try await Connector.connect(
          to: .tcp(host: "127.0.0.1", port: port), on: loop, within: .seconds(60)
        ).get()
      }
      await #expect(throws: SocketError("connect", ENOENT)) {
        try await Connector.connect(to: .unix(path: "/nowhere/s"), on: loop, within: .seconds(60))
          .get()
      }
      await #expect(throws: UnknownHost.self) {
        try await Connector.connect(
          to: .tcp(host: "a name with spaces", port: 1), on: loop, within: .seconds(60)
        ).get()
      }
      #expect(try await loop.submit { loop.socketCount }.get() == 0)
    }
  }

  /// A name has several addresses; of localhost's, ::1 and 127.0.0.1, one answers.
  @Test func oneAddressOfANameIsEnough() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let accepted = NIOLockedValueBox<[CInt]>([])
      let listener = try await listen(loop) { descriptor in
        accepted.withLockedValue { $0.append(descriptor) }
      }
      let made = try await Connector.connect(
        to: .tcp(host: "localhost", port: port(listener)), on: loop, within: .seconds(60)
      ).get()
      try await eventually { accepted.withLockedValue { $0.count == 1 } }
      close(made)
      for descriptor in accepted.withLockedValue({ $0 }) { close(descriptor) }
    }
  }

  /// The kernel keeps few connections for this listener, which accepts none: the others wait in vain.
  @Test func whoDoesNotAnswerIsGivenUp() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let deaf = try SocketCalls.make(for: anywhere.get())
      defer { close(deaf) }
      try #require(try anywhere.get().withSockAddr { bind(deaf, $0, socklen_t($1)) } == 0)
      try #require(Glibc.listen(deaf, 0) == 0)
      let port = try #require(SocketAddress.local(of: deaf)?.port)
      var made: [CInt] = []
      defer { for descriptor in made { close(descriptor) } }
      let error = await #expect(throws: SocketError.self) {
        for _ in 0..<20 {
          made.append(
            try await Connector.connect(
              to: .tcp(host: "127.0.0.1", port: port), on: loop, within: .milliseconds(200)
            ).get())
        }
      }
      #expect(error == SocketError("connect", ETIMEDOUT))
      #expect(try await loop.submit { loop.socketCount }.get() == 0)
    }
  }
}
