import NIOCore

/// Something that is due at a time.
//
// @unchecked Sendable: what is mutable is touched on the loop only; other threads pass it on.
final class LoopTimer: @unchecked Sendable {
  let deadline: NIODeadline
  /// Does it, or says why it will not be done.
  let run: ((any Error)?) -> Void
  /// Timers that are due at the same time run in the order in which they were set.
  fileprivate var number: UInt64 = 0
  /// Where it stands in the heap; -1: not in it.
  fileprivate var place = -1

  init(deadline: NIODeadline, run: @escaping ((any Error)?) -> Void) {
    self.deadline = deadline
    self.run = run
  }
}

/// Timers, the next one first. Setting and taking one out costs the logarithm of their number.
struct TimerHeap {
  private var timers: [LoopTimer] = []
  private var lastNumber: UInt64 = 0

  /// When the next one is due; nil: there is none.
  var next: NIODeadline? { timers.first?.deadline }
  var count: Int { timers.count }

  mutating func insert(_ timer: LoopTimer) {
    lastNumber += 1
    timer.number = lastNumber
    timer.place = timers.count
    timers.append(timer)
    rise(timer.place)
  }

  /// Takes one out; nothing happens if it is not in.
  mutating func remove(_ timer: LoopTimer) {
    let place = timer.place
    guard place >= 0 else { return }
    timer.place = -1
    let last = timers.removeLast()
    guard last !== timer else { return }
    put(last, at: place)
    sink(place)
    rise(last.place)
  }

  /// Takes out the next one, if it is due.
  mutating func popDue(_ now: NIODeadline) -> LoopTimer? {
    guard let first = timers.first, first.deadline <= now else { return nil }
    remove(first)
    return first
  }

  /// Takes out any one.
  mutating func popAny() -> LoopTimer? {
    guard let first = timers.first else { return nil }
    remove(first)
    return first
  }

  private func comesBefore(_ one: LoopTimer, _ other: LoopTimer) -> Bool {
    (one.deadline, one.number) < (other.deadline, other.number)
  }

  private mutating func put(_ timer: LoopTimer, at place: Int) {
    timers[place] = timer
    timer.place = place
  }

  private mutating func rise(_ start: Int) {
    let timer = timers[start]
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      guard comesBefore(timer, timers[parent]) else { break }
      put(timers[parent], at: place)
      place = parent
    }
    put(timer, at: place)
  }

  private mutating func sink(_ start: Int) {
    let timer = timers[start]
    var place = start
    while true {
      var child = 2 * place + 1
      guard child < timers.count else { break }
      if child + 1 < timers.count, comesBefore(timers[child + 1], timers[child]) { child += 1 }
      guard comesBefore(timers[child], timer) else { break }
      put(timers[child], at: place)
      place = child
    }
    put(timer, at: place)
  }
}
