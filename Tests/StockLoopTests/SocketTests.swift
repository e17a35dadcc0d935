import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import StockLoop

/// Sockets over pairs of them; where it matters, over TCP.
@Suite struct SocketTests {
  /// Runs with a socket on a loop, and the plain end of its pair.
  private func withSocket(
    _ body: (LoopThread, NIOLoopBound<Noting>, CInt) async throws -> Void
  ) async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let ends = try pair()
      defer { close(ends.theirs) }
      let socket = try await loop.submit {
        let socket = Noting(ends.ours, on: loop)
        socket.start()
        return NIOLoopBound(socket, eventLoop: loop)
      }.get()
      try await body(loop, socket, ends.theirs)
    }
  }

  /// More than the kernel takes waits, comes in order when it is read, and its marks are told of.
  @Test func aReaderThatDoesNotReadGetsAllOfItLater() async throws {
    try await withSocket { loop, socket, theirs in
      let all = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 1_000) }
      try await loop.submit {
        for start in stride(from: 0, to: all.count, by: 10_000) {
          socket.value.send(Array(all[start..<start + 10_000]))
        }
        #expect(!socket.value.isWritable && !socket.value.hasSentAll)
      }.get()
      let heard = try await loop.submit { socket.value.heard }.get()
      #expect(heard.withLockedValue { $0.roomAgain == 0 && $0.allSent == 0 })
      #expect(read(theirs, all.count) == all)
      try await eventually { heard.withLockedValue { $0.allSent == 1 } }
      #expect(heard.withLockedValue { $0.roomAgain } == 1)
      #expect(try await loop.submit { socket.value.isWritable && socket.value.hasSentAll }.get())
    }
  }

  @Test func fewBytesThatWaitLeaveRoom() async throws {
    try await withSocket { loop, socket, theirs in
      try await loop.submit {
        // All that the kernel takes, and then as much as may wait.
        while socket.value.hasSentAll { socket.value.send([UInt8](repeating: 0, count: 10_000)) }
        socket.value.send([UInt8](repeating: 1, count: StreamSocket.highMark - 10_000))
        #expect(socket.value.isWritable)
        socket.value.send([UInt8](repeating: 1, count: 10_001))
        #expect(!socket.value.isWritable)
      }.get()
      shutdown(theirs, CInt(SHUT_WR))
    }
  }

  @Test func eitherSideCanEndFirst() async throws {
    try await withSocket { loop, socket, theirs in
      write(theirs, [1, 2])
      shutdown(theirs, CInt(SHUT_WR))
      let heard = try await loop.submit { socket.value.heard }.get()
      try await eventually { heard.withLockedValue { $0.inputEnds == 1 } }
      #expect(heard.withLockedValue { $0.bytes } == [1, 2])
      // It can still be answered.
      try await loop.submit {
        #expect(socket.value.isOpen && socket.value.inputHasEnded)
        socket.value.send([3, 4])
        socket.value.endOutput()
      }.get()
      #expect(read(theirs, 3) == [3, 4])
      #expect(heard.withLockedValue { $0.closes } <= 1)
    }
    try await withSocket { loop, socket, theirs in
      try await loop.submit { socket.value.endOutput() }.get()
      #expect(read(theirs, 1).isEmpty)
      write(theirs, [5])
      let heard = try await loop.submit { socket.value.heard }.get()
      try await eventually { heard.withLockedValue { $0.bytes == [5] } }
      #expect(try await loop.submit { socket.value.isOpen && !socket.value.inputHasEnded }.get())
    }
  }

  @Test func whatIsNotReadStaysWithTheKernel() async throws {
    try await withSocket { loop, socket, theirs in
      let heard = try await loop.submit {
        socket.value.setReading(false)
        return socket.value.heard
      }.get()
      write(theirs, [1])
      try await loop.scheduleTask(in: .milliseconds(20)) {}.futureResult.get()
      #expect(heard.withLockedValue { $0.bytes.isEmpty })
      try await loop.submit { socket.value.setReading(true) }.get()
      try await eventually { heard.withLockedValue { $0.bytes == [1] } }
    }
  }

  @Test func aPeerThatGoesWhileNothingIsReadIsNoticed() async throws {
    try await withSocket { loop, socket, theirs in
      let heard = try await loop.submit {
        socket.value.setReading(false)
        return socket.value.heard
      }.get()
      // The pair's other end, closed for good; a number that nobody else has taken.
      let other = dup(theirs)
      shutdown(other, CInt(SHUT_RDWR))
      close(other)
      try await eventually { heard.withLockedValue { $0.closes == 1 } }
    }
  }

  /// Who sends is in the middle of something: the end comes behind it, once.
  @Test func sendingIntoABrokenConnectionClosesItLater() async throws {
    try await withSocket { loop, socket, theirs in
      shutdown(theirs, CInt(SHUT_RD))
      let heard = try await loop.submit {
        socket.value.setReading(false)
        let heard = socket.value.heard
        for _ in 0..<3 { socket.value.send([1, 2, 3]) }
        #expect(socket.value.isOpen && heard.withLockedValue { $0.closes } == 0)
        return heard
      }.get()
      try await eventually { heard.withLockedValue { $0.closes == 1 } }
      try await loop.submit {
        #expect(!socket.value.isOpen)
        socket.value.send([4])
        socket.value.endOutput()
        socket.value.abort()
        socket.value.close()
      }.get()
      #expect(heard.withLockedValue { $0.closes } == 1)
    }
  }

  @Test func aReceiverMayClose() async throws {
    try await withSocket { loop, socket, theirs in
      let heard = try await loop.submit {
        socket.value.onBytes = { $0.close() }
        return socket.value.heard
      }.get()
      write(theirs, [1])
      try await eventually { heard.withLockedValue { $0.closes == 1 } }
      #expect(try await loop.submit { loop.socketCount }.get() == 0)
      #expect(read(theirs, 1).isEmpty)
    }
  }

  /// Over TCP: a reset is the end, without an error anywhere.
  @Test func aResetIsTheEnd() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let accepted = NIOLockedValueBox<[CInt]>([])
      let listener = try await loop.submit {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        return NIOLoopBound(
          try Listener(at: address, on: loop) { descriptor in
            accepted.withLockedValue { $0.append(descriptor) }
          }, eventLoop: loop)
      }.get()
      let address = try await loop.submit { listener.value.address }.get()
      let descriptor = try await Connector.connect(
        to: .tcp(host: "127.0.0.1", port: address.port ?? 0), on: loop, within: .seconds(60)
      ).get()
      let heard = try await loop.submit {
        let socket = Noting(descriptor, on: loop)
        socket.start()
        return socket.heard
      }.get()
      try await eventually { accepted.withLockedValue { $0.count == 1 } }
      let theirs = accepted.withLockedValue { $0[0] }
      var off = linger(l_onoff: 1, l_linger: 0)
      setsockopt(theirs, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
      close(theirs)
      try await eventually { heard.withLockedValue { $0.closes == 1 } }
      #expect(heard.withLockedValue { $0.inputEnds } == 0)
    }
  }

  // MARK: Numbers

  @Test func aReportOfAnEarlierSocketIsNobodys() throws {
    var table = SocketTable()
    let first = try pair()
    let socket = Noting(first.ours, on: nil)
    let tag = table.add(socket, number: 9)
    #expect(table.find(tag) === socket && table.count == 1)
    table.remove(number: 9)
    #expect(table.find(tag) == nil && table.count == 0)
    let next = table.add(socket, number: 9)
    #expect(table.find(tag) == nil)
    #expect(table.find(next) === socket)
    #expect(table.find(next &+ 1) == nil)
    table.remove(number: 9)
    table.remove(number: 9)
    table.remove(number: 1_000)
    #expect(table.count == 0)
    close(first.theirs)
  }

  /// 2,000 sockets come and go at random, on two loops at once: each gets its own bytes back, whoever
  /// had its number before, and each is closed once.
  @Test func manySocketsComeAndGo() async throws {
    try await withLoops(2) { group in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for loop in group.loops {
          tasks.addTask { try await self.comeAndGo(loop, count: 1_000) }
        }
        try await tasks.waitForAll()
      }
    }
  }

  private func comeAndGo(_ loop: LoopThread, count: Int) async throws {
    var random = SystemRandomNumberGenerator()
    var open: [(theirs: CInt, mark: UInt8, heard: NIOLockedValueBox<Noting.Heard>)] = []
    var all: [NIOLockedValueBox<Noting.Heard>] = []
    for number in 0..<count {
      let ends = try pair()
      let heard = try await loop.submit {
        let socket = Noting(ends.ours, on: loop)
        socket.echoes = true
        socket.start()
        return socket.heard
      }.get()
      all.append(heard)
      open.append((ends.theirs, UInt8(truncatingIfNeeded: number), heard))
      while open.count > 20 || (number == count - 1 && !open.isEmpty) {
        let (theirs, mark, heard) = open.remove(at: .random(in: open.indices, using: &random))
        let bytes = [UInt8](repeating: mark, count: 3)
        write(theirs, bytes)
        if Bool.random(using: &random) {
          #expect(read(theirs, 3) == bytes)
          #expect(heard.withLockedValue { $0.bytes } == bytes)
        }
        // Half of them only end; then ours has to close too.
        if Bool.random(using: &random) { shutdown(theirs, CInt(SHUT_RDWR)) }
        close(theirs)
      }
    }
    // One that only ended its output is told so; one that is gone altogether is closed on its report.
    try await eventually {
      all.allSatisfy { $0.withLockedValue { $0.inputEnds + $0.closes > 0 } }
    }
    #expect(all.allSatisfy { $0.withLockedValue { $0.closes } <= 1 })
  }

  @Test func otherProgramsGetNoneOfThem() async throws {
    @Sendable func isPrivate(_ descriptor: CInt) -> Bool {
      fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0 && fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0
    }
    try await withLoops { group in
      let loop = group.loops[0]
      let accepted = NIOLockedValueBox<[CInt]>([])
      let listener = try await loop.submit {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        return NIOLoopBound(
          try Listener(at: address, on: loop) { descriptor in
            accepted.withLockedValue { $0.append(descriptor) }
          }, eventLoop: loop)
      }.get()
      let address = try await loop.submit {
        #expect(isPrivate(listener.value.descriptor))
        return listener.value.address
      }.get()
      let made = try await Connector.connect(
        to: .tcp(host: "127.0.0.1", port: address.port ?? 0), on: loop, within: .seconds(60)
      ).get()
      try await eventually { accepted.withLockedValue { $0.count == 1 } }
      let other = accepted.withLockedValue { $0[0] }
      #expect(isPrivate(made) && isPrivate(other))
      close(made)
      close(other)
      let ends = try pair()
      #expect(isPrivate(ends.ours))
      close(ends.ours)
      close(ends.theirs)
    }
  }
}
