#if os(Linux)
  import CEpoll
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

    private let handle: Int32
    private let timer: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let room: Int
    /// What the timer is set to; 0: it is off.
    private var alarm: UInt64 = 0

    /// - Parameter room: events that one wait reports at most.
    /// - Throws: `ToolError` where the system has no more files.
    init(room: Int) throws {
      handle = epoll_create1(Int32(EPOLL_CLOEXEC))
      timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
      self.room = room
      events = .allocate(capacity: room)
      guard handle >= 0, timer >= 0 else {
        throw ToolError("cannot wait for sockets: \(String(cString: strerror(errno)))")
      }
      // Edge-triggered: setting it again takes the last alarm back, so it need not be read.
      var event = epoll_event()
      event.events = EPOLLIN.rawValue | EPOLLET.rawValue
      event.data.u32 = Self.timerNumber
      epoll_ctl(handle, EPOLL_CTL_ADD, timer, &event)
    }

    deinit {
      events.deallocate()
      if handle >= 0 { close(handle) }
      if timer >= 0 { close(timer) }
    }

    /// Reports what can be read from `socket` as `number`.
    borrowing func add(_ socket: Int32, number: Int) {
      control(EPOLL_CTL_ADD, socket, number, EPOLLIN.rawValue)
    }

    /// Reports too, or no more, when `socket` takes bytes again.
    borrowing func watchRoom(_ socket: Int32, number: Int, _ watches: Bool) {
      control(
        EPOLL_CTL_MOD, socket, number, EPOLLIN.rawValue | (watches ? EPOLLOUT.rawValue : 0))
    }

    private borrowing func control(
      _ operation: Int32, _ socket: Int32, _ number: Int, _ events: UInt32
    ) {
      var event = epoll_event()
      event.events = events
      event.data.u32 = UInt32(number)
      epoll_ctl(handle, operation, socket, &event)
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
      let count = epoll_wait(handle, events, Int32(room), deadline == 0 ? 0 : -1)
      return max(0, Int(count))
    }

    /// - Returns: the socket's number, or `timerNumber`; whether it takes bytes again, and whether
    ///   there is something to read (or to learn about its end).
    @inline(__always)
    mutating func event(_ index: Int) -> (number: UInt32, canWrite: Bool, canRead: Bool) {
      let event = events[index]
      let number = event.data.u32
      if number == Self.timerNumber { alarm = 0 }
      return (
        number, event.events & EPOLLOUT.rawValue != 0,
        event.events & ~EPOLLOUT.rawValue != 0
      )
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
