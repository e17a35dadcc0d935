/// Holds by the time at which something is due for them: a binary heap, so that a million of them cost
/// nothing while they wait.
///
/// An item is never taken out early: whoever gets one looks whether it still applies.
struct DueHeap {
  struct Item: Sendable {
    var at: Timestamp
    var hold: HoldID
  }

  private var items: ContiguousArray<Item> = []

  var count: Int { items.count }
  /// When the next one is due.
  private(set) var next: Timestamp = .max

  mutating func insert(_ hold: HoldID, at time: Timestamp) {
    next = min(next, time)
    items.append(Item(at: time, hold: hold))
    var place = items.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard items[place].at < items[parent].at else { break }
      items.swapAt(place, parent)
      place = parent
    }
  }

  /// The next one, if it is due.
  mutating func popDue(at now: Timestamp) -> Item? {
    guard let first = items.first, first.at <= now else { return nil }
    defer { next = items.first?.at ?? .max }
    let last = items.removeLast()
    guard !items.isEmpty else { return first }
    items[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < items.count {
        if items[child].at < items[least].at { least = child }
      }
      guard least != place else { return first }
      items.swapAt(place, least)
      place = least
    }
  }

  mutating func removeAll() {
    items = []
    next = .max
  }
}
