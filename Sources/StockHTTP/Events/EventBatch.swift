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

  private let baseSize: Int
  private var bytes: [UInt8] = []
  /// Where events end in `bytes`; one begins where the one before ends.
  private var ends: [Int] = []
  /// For each movement, the place of its first event; empty until they are written.
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
    let texts = batch.entries.reduce(0) { $0 + Self.bytesOutside($1) }
    // A place in the list of the product's movements is 16 more.
    baseSize = 256 + batch.entries.count * (MemoryLayout<LedgerEntry>.stride + 16) + texts
  }

  /// Bytes of texts that are too long to lie in the entry itself.
  private static func bytesOutside(_ entry: LedgerEntry) -> Int {
    func outside(_ text: String) -> Int { text.utf8.count > 15 ? text.utf8.count + 48 : 0 }
    return outside(entry.location) + outside(entry.note.reason) + outside(entry.note.reference)
  }

  private static func bit(_ id: Int64) -> UInt64 {
    1 << (ShardMap.mix(UInt64(bitPattern: id)) & 63)
  }

  /// Bytes that it takes, about.
  var size: Int { baseSize + bytes.count + (ends.count + firstEvents.count) * 8 }

  /// Whether a reader may want any of it; a false "yes" costs time only.
  func mayHave(_ filter: MovementFilter) -> Bool {
    if let product = filter.product, products & Self.bit(product) == 0 { return false }
    if case .only(let store) = filter.scope, stores & Self.bit(store) == 0 { return false }
    return true
  }

  // MARK: Events

  /// What comes with a movement, in the order of the events behind its own.
  private static let edges: [(edge: Movement.Edges, name: StaticString)] = [
    (.lowStock, "low_stock"), (.outOfStock, "out_of_stock"), (.backInStock, "back_in_stock"),
  ]

  var isRendered: Bool { !firstEvents.isEmpty }

  /// Writes the events for all who will want them, unless it was done before.
  func render() {
    guard !isRendered else { return }
    var writer = ByteWriter(capacity: batch.entries.count * 448 + 64)
    firstEvents.reserveCapacity(batch.entries.count)
    for movement in batch.entries.indices {
      firstEvents.append(ends.count)
      for event in 0..<eventCount(movement) {
        writeNew(movement, event, into: &writer)
        ends.append(writer.count)
      }
    }
    bytes = writer.array
  }

  /// How many events a movement has.
  func eventCount(_ movement: Int) -> Int {
    1 + batch.entries[movement].edges.rawValue.nonzeroBitCount
  }

  /// Appends one event of a movement, without its id.
  func write(movement: Int, event: Int, into writer: inout ByteWriter) {
    guard isRendered else {
      writeNew(movement, event, into: &writer)
      return
    }
    let place = firstEvents[movement] + event
    let start = place == 0 ? 0 : ends[place - 1]
    bytes.withUnsafeBytes {
      writer.append(UnsafeRawBufferPointer(rebasing: $0[start..<ends[place]]))
    }
  }

  private func writeNew(_ movement: Int, _ event: Int, into writer: inout ByteWriter) {
    let entry = batch.entries[movement]
    guard event > 0 else {
      writer.append("event: movement\ndata: ")
      writer.append(entry, shard: batch.shard, sequence: batch.sequence)
      writer.append("\n\n")
      return
    }
    let edges = Self.edges.filter { entry.edges.contains($0.edge) }
    writer.append("event: ")
    writer.append(edges[event - 1].name)
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
  }
}
