import StockCore

/// The movements of one commit on their way to the readers of a loop. What the readers are sent is
/// written once for all of them, when the first one wants any of it; all but the ids, which differ.
final class EventBatch {
  /// The movement itself, and low_stock, out_of_stock or back_in_stock.
  static let maxEventsPerMovement = 4

  let batch: LedgerBatch
  let first: Int64
  let last: Int64
  /// A bit for each product and store in it: most readers with a filter can pass over it by these.
  private let products: UInt64
  private let stores: UInt64

  private var bytes: [UInt8] = []
  /// Where events end in `bytes`; one begins where the one before ends.
  private var ends: [Int] = []
  /// For each movement, the place of its first event; and the number of events.
  private var firstEvents: [Int] = []

  /// - Parameter batch: with one movement at least.
  init(_ batch: LedgerBatch) {
    precondition(!batch.entries.isEmpty, "a batch of events has movements")
    self.batch = batch
    first = batch.entries[0].number
    last = batch.entries[batch.entries.count - 1].number
    var products: UInt64 = 0
    var stores: UInt64 = 0
    for entry in batch.entries {
      products |= Self.bit(entry.product)
      stores |= Self.bit(entry.store)
    }
    self.products = products
    self.stores = stores
  }

  private static func bit(_ id: Int64) -> UInt64 {
    1 << (ShardMap.mix(UInt64(bitPattern: id)) & 63)
  }

  /// Bytes that it takes, about.
  var size: Int { 128 + batch.entries.count * 256 + bytes.count + ends.count * 8 }

  /// Whether a reader may want any of it; a false "yes" costs time only.
  func mayHave(_ filter: MovementFilter) -> Bool {
    if let product = filter.product, products & Self.bit(product) == 0 { return false }
    if case .only(let store) = filter.scope, stores & Self.bit(store) == 0 { return false }
    return true
  }

  /// Writes the events, unless it was done before.
  func render() {
    guard firstEvents.isEmpty else { return }
    var writer = ByteWriter(capacity: batch.entries.count * 448 + 64)
    firstEvents.reserveCapacity(batch.entries.count + 1)
    for entry in batch.entries {
      firstEvents.append(ends.count)
      writer.append("event: movement\ndata: ")
      writer.append(entry, shard: batch.shard, sequence: batch.sequence)
      writer.append("\n\n")
      ends.append(writer.count)
      guard !entry.edges.isEmpty else { continue }
      if entry.edges.contains(.lowStock) { edge("low_stock", entry, &writer) }
      if entry.edges.contains(.outOfStock) { edge("out_of_stock", entry, &writer) }
      if entry.edges.contains(.backInStock) { edge("back_in_stock", entry, &writer) }
    }
    firstEvents.append(ends.count)
    bytes = writer.array
  }

  private func edge(_ name: StaticString, _ entry: LedgerEntry, _ writer: inout ByteWriter) {
    writer.append("event: ")
    writer.append(name)
    writer.append("\ndata: {\"product_id\":")
    writer.append(entry.product)
    writer.append(",\"store_id\":")
    writer.append(entry.store)
    writer.append(",\"location\":")
    writer.appendLocation(entry.location)
    writer.append(",\"available\":")
    writer.append(entry.quantityAfter - entry.reservedAfter)
    writer.append(",\"shard\":")
    writer.append(Int64(batch.shard))
    writer.append(",\"number\":")
    writer.append(entry.number)
    writer.append(",\"occurred_at\":")
    writer.appendTime(entry.occurredAt)
    writer.append("}\n\n")
    ends.append(writer.count)
  }

  /// How many events a movement has. It has to be rendered.
  func eventCount(_ movement: Int) -> Int { firstEvents[movement + 1] - firstEvents[movement] }

  /// Appends one event of a movement, without its id.
  func write(movement: Int, event: Int, into writer: inout ByteWriter) {
    let place = firstEvents[movement] + event
    let start = place == 0 ? 0 : ends[place - 1]
    bytes.withUnsafeBytes {
      writer.append(UnsafeRawBufferPointer(rebasing: $0[start..<ends[place]]))
    }
  }
}
