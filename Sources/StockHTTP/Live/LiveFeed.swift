import NIOCore
import StockCore
import StockEngine
import StockLoop

/// Tells the web pages on one loop, once a second, what has changed: a stream that costs the same
/// whether ten or a hundred thousand units are sold in that second.
final class LiveFeed {
  /// One page.
  private final class Page {
    weak var connection: HTTPConnection?
    let reader: EventReader
    /// The next second that it has not been told.
    var next: Int64
    /// It took nothing when there were changes: it has to look for itself.
    var hasMissed = false

    init(_ reader: EventReader, _ connection: HTTPConnection, next: Int64) {
      self.reader = reader
      self.connection = connection
      self.next = next
    }
  }

  private unowned let front: LoopFront
  private var pages: [Page] = []
  private var changes = LiveChanges()
  private var ticker: RepeatedTask?
  private var out = ByteWriter(capacity: 1_024)

  init(front: LoopFront) { self.front = front }

  func add(_ reader: EventReader, _ connection: HTTPConnection) {
    let first = front.now / 1_000 - Int64(Activity.seconds)
    pages.append(Page(reader, connection, next: first))
    guard ticker == nil else { return }
    front.subscribe()
    let bound = NIOLoopBound(self, eventLoop: front.loop)
    ticker = front.loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      bound.value.didTick()
    }
  }

  func remove(_ reader: EventReader) {
    pages.removeAll { $0.reader === reader }
    guard pages.isEmpty, let ticker else { return }
    ticker.cancel()
    self.ticker = nil
    changes = LiveChanges()
    front.unsubscribe()
  }

  func receive(_ batches: [LedgerBatch]) {
    if !pages.isEmpty { changes.note(batches) }
  }

  private func didTick() {
    let now = front.now
    let changes = self.changes
    self.changes = LiveChanges()
    // Writing can end a connection, which takes its page out of the list.
    for page in Array(pages) {
      guard let connection = page.connection, connection.isWritable else {
        page.hasMissed = page.hasMissed || changes.movements > 0
        continue
      }
      write(changes, to: page, now)
      page.next = now / 1_000
      page.hasMissed = false
      connection.writeEvents(out.bytes)
    }
  }

  private func write(_ changes: LiveChanges, to page: Page, _ now: Timestamp) {
    out.removeAll()
    out.append("event: second\ndata: {\"now\":")
    out.append(now / 1_000)
    out.append(",\"movements\":")
    out.append(changes.movements)
    out.append(",\"seconds\":[")
    var isFirst = true
    for second in front.shared.activity.seconds(from: page.next, now: now) {
      out.append(isFirst ? "[" : ",[")
      isFirst = false
      out.append(second.second)
      out.append(UInt8(ascii: ","))
      out.append(second.asked)
      out.append(UInt8(ascii: ","))
      out.append(second.refused)
      out.append("]")
    }
    out.append("],\"is_cut\":")
    out.append(changes.isCut || page.hasMissed ? "true" : "false")
    out.append(",\"changes\":[")
    isFirst = true
    for entry in changes.entries.values {
      out.append(isFirst ? "{\"product_id\":" : ",{\"product_id\":")
      isFirst = false
      out.append(entry.product)
      out.append(",\"store_id\":")
      out.append(entry.store)
      out.append(",\"location\":")
      out.appendLocation(entry.location)
      out.append(",\"kind\":\"")
      out.append(utf8: entry.kind.name)
      out.append("\",\"quantity\":")
      out.append(entry.quantityAfter)
      out.append(",\"reserved_quantity\":")
      out.append(entry.reservedAfter)
      out.append("}")
    }
    out.append("]}\n\n")
  }
}

extension HTTPConnection {
  /// `GET /api/v1/admin/inventory/live`: Server-Sent Events for the web page. What it missed it is not
  /// told again: it looks at the present state when it begins.
  func live(_ request: Exchange) throws(Problem) {
    guard !front.events.isFull else {
      throw Problem(.overloaded, "Too many clients read events.")
    }
    ignoresInput = true
    request.head.keepsAlive = false
    let reader = EventReader(
      connection: self, filter: MovementFilter(scope: request.principal.scope),
      principal: request.principal, session: request.session, wanted: nil, onlyShard: nil)
    reader.isLive = true
    request.reader = reader
    pending.append(request)
    front.events.add(reader)
  }
}
