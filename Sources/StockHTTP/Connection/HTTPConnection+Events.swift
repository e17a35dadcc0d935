import StockCore
import StockEngine
import StockLoop

// A response without end: Server-Sent Events. It ends with the connection, so it needs no chunks; and
// whatever the client sends behind its request is dropped.
extension HTTPConnection {
  func events(_ request: Exchange) throws(Problem) {
    var errors = FieldErrors()
    let (filter, position) = LedgerQueries.events(
      request.query, lastEventID: request.lastEventID, scope: request.principal.scope,
      shardCount: front.engine.shardMap.shardCount, &errors)
    guard errors.isEmpty else { throw .invalid(errors) }
    guard !front.events.isFull else {
      throw Problem(.overloaded, "Too many clients read events.")
    }
    ignoresInput = true
    request.head.keepsAlive = false
    let reader = EventReader(
      connection: self, filter: filter, principal: request.principal,
      session: request.session, wanted: position,
      onlyShard: filter.product.map { front.engine.shardMap.shard(ofProduct: $0) })
    request.reader = reader
    pending.append(request)
    front.events.add(reader)
  }

  /// The reader's position is known, so its response can begin: as soon as those before it are out.
  func openStream(_ reader: EventReader) {
    guard let place = pending.place(of: reader) else { return }
    let exchange = pending[place]
    guard exchange.ready == nil else { return }
    exchange.head.isStream = true
    setSendBuffer(bytes: CInt(HTTPLimits.eventSocketBytes))
    front.body.removeAll()
    // How soon to come again, and where to go on even if nothing has happened yet.
    front.body.append("retry: 2000\nid: ")
    front.body.append(reader.position)
    front.body.append("\n\n")
    complete(exchange, place)
    flush()
  }

  /// Sends events. They are few enough for the kernel, or the socket says that it is full.
  func writeEvents(_ bytes: UnsafeRawBufferPointer) {
    guard isOpen, stream != nil else { return }
    write(events: bytes)
  }

  /// The reader takes nothing: it is not waited for. What lies in the socket for it, some megabytes, is
  /// thrown away, which the kernel would else keep for minutes in the hope that it reads on.
  func cutOff() { abort() }

  /// The reader may read no longer.
  func endStream() {
    if stream != nil {
      wroteLast = true
      flush()
    } else {
      close()
    }
  }
}
