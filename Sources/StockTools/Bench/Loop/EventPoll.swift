#if os(Linux)
  import CEpoll
  import StockLoop

  #if canImport(Glibc)
    import Glibc
  #else
    import Musl
  #endif

  /// Waits for sockets and for a point in time: epoll and a timerfd, which is exact where the time-out
  /// of `epoll_wait` counts milliseconds and may be 50 µs late.
  struct EventPoll: ~Copyable {
    /// What `next` says about the timer.
    static let timerNumber = UInt32.max

    private let poller: Poller
    private let timer: Int32
    /// What the timer is set to; 0: it is off.
    private var alarm: UInt64 = 0

    /// - Parameter room: events that one wait reports at most.
    /// - Throws: `ToolError` where the system has no more files.
    init(room: Int) throws {
      let poller = try Self.poller(room: room)
      let timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
      guard timer >= 0 else {
        throw ToolError("cannot wait for sockets: \(String(cString: strerror(errno)))")
      }
      // Reported once: setting it again takes the last alarm back, so it need not be read.
      try poller.add(timer, tag: UInt64(Self.timerNumber), [.readable, .once])
      self.poller = poller
      self.timer = timer
    }

    private static func poller(room: Int) throws -> Poller {
      do throws(SocketError) {
        return try Poller(room: room)
      } catch {
        throw ToolError("cannot wait for sockets: \(error)")
      }
    }

    deinit { close(timer) }

    /// Reports what can be read from `socket` as `number`.
    borrowing func add(_ socket: Int32, number: Int) {
      // Without room for it nothing comes, and the run ends for that.
      try? poller.add(socket, tag: UInt64(number), .readable)
    }

    /// Reports too, or no more, when `socket` takes bytes again.
    borrowing func watchRoom(_ socket: Int32, number: Int, _ watches: Bool) {
      poller.change(socket, tag: UInt64(number), watches ? [.readable, .writable] : .readable)
    }

    /// Waits until something happens.
    ///
    /// - Parameter deadline: nanoseconds of `LoadClock`; 0: looks and returns at once.
    /// - Returns: how many events there are for `event(_:)`.
    mutating func wait(until deadline: UInt64) -> Int {
      if deadline != 0, deadline != alarm {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(deadline / 1_000_000_000)
        setting.it_value.tv_nsec = Int(deadline % 1_000_000_000)
        timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
        alarm = deadline
      }
      return poller.wait(milliseconds: deadline == 0 ? 0 : -1)
    }

    /// - Returns: the socket's number, or `timerNumber`; whether it takes bytes again, and whether
    ///   there is something to read (or to learn about its end).
    @inline(__always)
    mutating func event(_ index: Int) -> (number: UInt32, canWrite: Bool, canRead: Bool) {
      let (tag, what) = poller.ready(index)
      let number = UInt32(truncatingIfNeeded: tag)
      if number == Self.timerNumber { alarm = 0 }
      return (number, what.contains(.writable), !what.subtracting(.writable).isEmpty)
    }
  }
#else
  /// Only Linux has what it is made of.
  struct EventPoll: ~Copyable {
    static let timerNumber = UInt32.max

    init(room: Int) throws { throw ToolError("stock bench needs Linux") }
    borrowing func add(_ socket: Int32, number: Int) {}
    borrowing func watchRoom(_ socket: Int32, number: Int, _ watches: Bool) {}
    mutating func wait(until deadline: UInt64) -> Int { 0 }
    mutating func event(_ index: Int) -> (number: UInt32, canWrite: Bool, canRead: Bool) {
      (0, false, false)
    }
  }
#endif
