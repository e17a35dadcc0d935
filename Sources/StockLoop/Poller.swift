#if os(Linux)
  import CEpoll
  #if canImport(Glibc)
    import Glibc
  #else
    import Musl
  #endif

  /// epoll: says which of many sockets are ready. Level-triggered, but for `Readiness.once`.
  package struct Poller: ~Copyable {
    private let handle: CInt
    private let events: UnsafeMutablePointer<epoll_event>
    private let room: Int

    /// - Parameter room: sockets that one wait reports at most.
    /// - Throws: `SocketError` where the system has no more files.
    package init(room: Int) throws(SocketError) {
      handle = epoll_create1(CInt(EPOLL_CLOEXEC))
      guard handle >= 0 else { throw SocketError("epoll_create1") }
      self.room = room
      events = .allocate(capacity: room)
    }

    deinit {
      events.deallocate()
      close(handle)
    }

    /// From now on `socket` is reported, as `tag`, when it is what `interest` says.
    ///
    /// - Throws: `SocketError`, where the kernel has no room for it.
    package borrowing func add(
      _ socket: CInt, tag: UInt64, _ interest: Readiness
    ) throws(SocketError) {
      guard control(EPOLL_CTL_ADD, socket, tag, interest) == 0 else {
        throw SocketError("epoll_ctl")
      }
    }

    /// Changes what is reported of a socket that was added.
    package borrowing func change(_ socket: CInt, tag: UInt64, _ interest: Readiness) {
      _ = control(EPOLL_CTL_MOD, socket, tag, interest)
    }

    /// No more of `socket`. What the last wait has found may still tell of it.
    package borrowing func remove(_ socket: CInt) {
      _ = control(EPOLL_CTL_DEL, socket, 0, [])
    }

    private borrowing func control(
      _ operation: CInt, _ socket: CInt, _ tag: UInt64, _ interest: Readiness
    ) -> CInt {
      var event = epoll_event()
      event.events = interest.rawValue
      event.data.u64 = tag
      return epoll_ctl(handle, operation, socket, &event)
    }

    /// Waits until something is ready, or the time is over. A signal may end it early.
    ///
    /// - Parameter milliseconds: 0 only looks; -1 waits for as long as it takes.
    /// - Returns: how many there are for `ready(_:)`.
    package borrowing func wait(milliseconds: CInt) -> Int {
      max(0, Int(epoll_wait(handle, events, CInt(room), milliseconds)))
    }

    /// One that the last wait has found.
    @inline(__always)
    package borrowing func ready(_ index: Int) -> (tag: UInt64, what: Readiness) {
      (events[index].data.u64, Readiness(rawValue: events[index].events))
    }
  }
#else
  /// Only Linux has what it is made of.
  package struct Poller: ~Copyable {
    package init(room: Int) throws(SocketError) { throw SocketError("epoll_create1", 38) }
    package borrowing func add(
      _ socket: CInt, tag: UInt64, _ interest: Readiness
    ) throws(SocketError) {}
    package borrowing func change(_ socket: CInt, tag: UInt64, _ interest: Readiness) {}
    package borrowing func remove(_ socket: CInt) {}
    package borrowing func wait(milliseconds: CInt) -> Int { 0 }
    package borrowing func ready(_ index: Int) -> (tag: UInt64, what: Readiness) { (0, []) }
  }
#endif
