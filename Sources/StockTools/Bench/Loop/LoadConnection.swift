/// One connection of the load. Its requests are answered in order, so its slots are used in turns: the
/// oldest request under way is `oldest`, the others follow it, round and round.
struct LoadConnection: ~Copyable {
  var socket: Int32
  /// Which of its slots has the oldest request under way.
  var oldest = 0
  var inFlight = 0
  /// The beginning of an answer whose end has not come yet. Empty for nearly all: an answer is read in
  /// one piece.
  var partial = ByteStore(capacity: 16)
  /// What the socket did not take. While there is some, nothing more is sent.
  var unsent = ByteStore(capacity: 16)
  /// It stands in the queue of those that can take a request (open loop only).
  var isQueued = false

  init(socket: Int32) { self.socket = socket }
}

/// A request under way.
struct LoadSlot {
  /// When it was sent; in an open loop, when it was due. Nanoseconds of `LoadClock`.
  var start: UInt64 = 0
  var kind = 0
}

/// Numbers of connections, first in, first out; each at most once, so it never overflows.
struct ConnectionQueue: ~Copyable {
  private let room: Int
  private let numbers: UnsafeMutablePointer<Int32>
  private var first = 0
  private var count = 0

  init(room: Int) {
    self.room = max(1, room)
    numbers = .allocate(capacity: self.room)
  }

  deinit { numbers.deallocate() }

  var isEmpty: Bool { count == 0 }

  mutating func append(_ number: Int) {
    precondition(count < room, "a connection is queued twice")
    var place = first + count
    if place >= room { place -= room }
    numbers[place] = Int32(number)
    count += 1
  }

  mutating func popFirst() -> Int? {
    guard count > 0 else { return nil }
    let number = Int(numbers[first])
    first = first + 1 == room ? 0 : first + 1
    count -= 1
    return number
  }
}
