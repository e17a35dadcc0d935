/// The sockets of a loop, by their numbers. The kernel gives out the smallest number that is free, so
/// the table is as long as there are files open.
///
/// A number is given out again as soon as its socket is closed, perhaps while a report of its
/// predecessor waits to be read. So a report carries, beside the number, the generation of its place:
/// one that is of another generation is nobody's.
struct SocketTable {
  private struct Place {
    var generation: UInt32 = 0
    var socket: PolledSocket?
  }

  private var places: [Place] = []
  private(set) var count = 0

  /// - Returns: what reports of it will say.
  mutating func add(_ socket: PolledSocket, number: CInt) -> UInt64 {
    let index = Int(number)
    while places.count <= index { places.append(Place()) }
    precondition(places[index].socket == nil, "the number is another socket's")
    places[index].socket = socket
    count += 1
    return UInt64(places[index].generation) << 32 | UInt64(UInt32(number))
  }

  mutating func remove(number: CInt) {
    let index = Int(number)
    guard index < places.count, places[index].socket != nil else { return }
    places[index].socket = nil
    places[index].generation &+= 1
    count -= 1
  }

  /// nil: it has gone since.
  @inline(__always)
  func find(_ tag: UInt64) -> PolledSocket? {
    let index = Int(UInt32(truncatingIfNeeded: tag))
    guard index < places.count, places[index].generation == UInt32(tag >> 32) else { return nil }
    return places[index].socket
  }

  var all: [PolledSocket] { places.compactMap(\.socket) }
}
