/// What will happen, by its time; what is due at the same time happens in the order of adding.
struct EventQueue<Event> {
  private struct Item {
    var at: Int64
    var order: Int
    var event: Event

    func isBefore(_ other: Item) -> Bool {
      at != other.at ? at < other.at : order < other.order
    }
  }

  private var heap: [Item] = []
  private var added = 0

  mutating func add(_ event: Event, at instant: Int64) {
    added += 1
    heap.append(Item(at: instant, order: added, event: event))
    var place = heap.count - 1
    while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func next() -> (at: Int64, event: Event)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return (first.at, first.event) }
    heap[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      if least == place { break }
      heap.swapAt(place, least)
      place = least
    }
    return (first.at, first.event)
  }
}
