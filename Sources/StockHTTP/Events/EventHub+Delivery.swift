import NIOCore
import StockCore
import StockLoop

// What is sent to a reader.
extension EventHub {
  /// A reader's turn.
  func visit(_ reader: EventReader) {
    guard reader.isOpen, let connection = reader.connection, connection.isWritable else { return }
    deliver(to: reader, connection)
  }

  /// What nothing that happens would bring to mind.
  func look(at reader: EventReader) {
    guard !reader.isLive, reader.isOpen, let connection = reader.connection else { return }
    guard connection.isWritable else {
      judgeSlow(reader, connection)
      return
    }
    reader.blockedSince = nil
    // Redis did not answer it, for example.
    if !reader.isThrough, !reader.isFetching { wake(reader) }
    guard tick - reader.lastWrite >= Self.ticks(.seconds(15)) else { return }
    deliver(to: reader, connection)
    if tick > reader.lastWrite, connection.isWritable { keepAlive(reader, connection) }
  }

  /// A reader that takes nothing is let be while what it has missed is in the rings: that costs
  /// nothing. Beyond that it is cut off; it may come again, and goes on where it was.
  private func judgeSlow(_ reader: EventReader, _ connection: HTTPConnection) {
    reader.page = nil
    let since = reader.blockedSince ?? tick
    reader.blockedSince = since
    guard tick - since >= Self.ticks(HTTPLimits.slowReaderTimeout) else { return }
    let isLost = rings.shards.indices.contains { shard in
      reader.onlyShard ?? shard == shard && rings.lacks(for: reader, in: shard)
    }
    if isLost { connection.cutOff() }
  }

  /// Says that the connection lives, and how far the reader has got: movements that it did not want
  /// have gone by.
  private func keepAlive(_ reader: EventReader, _ connection: HTTPConnection) {
    out.removeAll()
    out.append(": keep-alive\nid: ")
    out.append(reader.position)
    out.append("\n\n")
    send(to: reader, connection)
  }

  /// Sends what is there, as long as the socket takes it.
  private func deliver(to reader: EventReader, _ connection: HTTPConnection) {
    out.removeAll()
    reader.isThrough = false
    var left = HTTPLimits.eventTurnBytes
    var isThrough = true
    // While events of one movement are outstanding, no other may come between them.
    while let partial = reader.position.partial {
      let result = pass(partial.shard, reader, connection, &left)
      if result == .stopped { return pause(reader, connection) }
      if result == .waiting { isThrough = false }
      if reader.position.partial != nil { break }
    }
    if reader.position.partial == nil {
      for shard in rings.shards.indices {
        switch pass(shard, reader, connection, &left) {
        case .through: continue
        case .waiting: isThrough = false
        case .stopped: return pause(reader, connection)
        }
      }
    }
    if out.count > 0 { send(to: reader, connection) }
    reader.isThrough = isThrough
  }

  /// Its turn is over before it has all. It gets another, when its socket takes more.
  private func pause(_ reader: EventReader, _ connection: HTTPConnection) {
    if reader.isOpen, connection.isWritable { wake(reader) }
  }

  private enum Passage {
    /// All that is known of the shard has been sent.
    case through
    /// Redis has to be asked.
    case waiting
    /// The reader takes no more for now, or has had its share.
    case stopped
  }

  /// Brings a reader on in one shard.
  private func pass(
    _ shard: ShardID, _ reader: EventReader, _ connection: HTTPConnection, _ left: inout Int
  ) -> Passage {
    let end = rings.shards[shard].end ?? 0
    if let only = reader.onlyShard, only != shard {
      // Nothing for this reader can be there.
      reader.advance(shard, to: end)
      if reader.position.partial?.shard == shard { reader.position.partial = nil }
      return .through
    }
    while reader.position.numbers[shard] < end {
      let next = reader.position.numbers[shard] + 1
      let goesOn: Bool
      if let places = rings.places(for: reader, in: shard) {
        goesOn = write(places, shard, upTo: end, reader, connection, &left)
      } else if let batch = rings.shards[shard].batch(with: next) {
        goesOn = write(batch, reader, connection, &left)
      } else if let page = reader.page, page.tells(next, of: shard) {
        goesOn = write(page, from: next, reader, connection, &left)
      } else if let page = fetches.page(telling: next, of: shard), !reader.isFetching {
        reader.page = page
        continue
      } else {
        fetch(shard, reader)
        return .waiting
      }
      guard goesOn else { return .stopped }
    }
    if reader.position.partial?.shard == shard { reader.position.partial = nil }
    if reader.page?.name.shard == shard { reader.page = nil }
    return .through
  }

  /// Appends a part of what was fetched. Where the ledger no longer has something, the reader is told,
  /// and its position moves.
  private func write(
    _ page: EventPage, from next: Int64, _ reader: EventReader, _ connection: HTTPConnection,
    _ left: inout Int
  ) -> Bool {
    let shard = page.name.shard
    guard let run = page.run(from: next) else {
      writeGap(shard, to: min(page.end + 1, rings.shards[shard].start), reader)
      return true
    }
    if run.lowerBound > next { writeGap(shard, to: run.lowerBound, reader) }
    guard let product = reader.filter.product else {
      return write(page.batch(with: max(next, run.lowerBound)), reader, connection, &left)
    }
    return write(
      page.places(of: product), shard, upTo: run.upperBound, reader, connection, &left)
  }

  /// Appends the events of a product from the reader's position on, and passes over all others.
  ///
  /// - Returns: false where the reader takes no more for now. Its position says how far it got.
  private func write(
    _ places: some RandomAccessCollection<EventPlace>, _ shard: ShardID, upTo last: Int64,
    _ reader: EventReader, _ connection: HTTPConnection, _ left: inout Int
  ) -> Bool {
    let had = reader.position.numbers[shard]
    var isPrepared = false
    for place in places[places.firstPlace { $0.number > had }...] {
      guard place.number <= last else { break }
      guard reader.filter.takes(place.batch.batch.entries[place.entry]) else { continue }
      reader.advance(shard, to: place.number - 1)
      if !isPrepared { prepareIDs(shard, reader) }
      isPrepared = true
      guard write(place, reader, connection, &left) else { return false }
    }
    reader.advance(shard, to: last)
    return true
  }

  /// Appends a batch's events from the reader's position on.
  ///
  /// - Returns: false where the reader takes no more for now. Its position says how far it got.
  private func write(
    _ batch: EventBatch, _ reader: EventReader, _ connection: HTTPConnection, _ left: inout Int
  ) -> Bool {
    let shard = batch.batch.shard
    if batch.mayHave(reader.filter) {
      var isPrepared = false
      let first = Int(reader.position.numbers[shard] + 1 - batch.first)
      for entry in first..<batch.batch.entries.count
      where reader.filter.takes(batch.batch.entries[entry]) {
        let place = EventPlace(batch: batch, entry: entry)
        reader.advance(shard, to: place.number - 1)
        if !isPrepared { prepareIDs(shard, reader) }
        isPrepared = true
        guard write(place, reader, connection, &left) else { return false }
      }
    }
    reader.advance(shard, to: batch.last)
    return true
  }

  /// Appends the events of the movement that is the reader's next.
  ///
  /// - Returns: false where the reader takes no more for now, perhaps in the middle of them.
  private func write(
    _ place: EventPlace, _ reader: EventReader, _ connection: HTTPConnection, _ left: inout Int
  ) -> Bool {
    let shard = place.batch.batch.shard
    // For one reader alone it is not worth keeping.
    if let interest = reader.interest, interest.product == nil || interest.readers.count > 1 {
      rings.render(place.batch)
    }
    let count = place.batch.eventCount(place.entry)
    var event = reader.position.partial?.events ?? 0
    while event < count {
      event += 1
      let isLast = event == count
      writeID(shard, place.number, isLast ? nil : event)
      place.batch.write(movement: place.entry, event: event - 1, into: &out)
      if isLast {
        reader.advance(shard, to: place.number)
      } else {
        reader.position.partial = EventPosition.Partial(shard: shard, events: event)
      }
      guard out.count < HTTPLimits.eventPieceBytes else {
        left -= out.count
        send(to: reader, connection)
        guard left > 0, reader.isOpen, connection.isWritable else { return false }
        continue
      }
    }
    // More events were had than there are: the id was of another movement.
    reader.advance(shard, to: place.number)
    return true
  }

  /// What ids have in common while only one shard's number changes.
  private func prepareIDs(_ shard: ShardID, _ reader: EventReader) {
    idHead.removeAll()
    idHead.append("id: ")
    idHead.appendHead(of: reader.position, upTo: shard)
    if shard > 0 { idHead.append(UInt8(ascii: ".")) }
    idTail.removeAll()
    let numbers = reader.position.numbers
    for other in (shard + 1)..<max(numbers.count, shard + 1) {
      idTail.append(UInt8(ascii: "."))
      idTail.append(numbers[other])
    }
  }

  /// - Parameter events: how many of the movement's events are had then; nil: all.
  private func writeID(_ shard: ShardID, _ number: Int64, _ events: Int?) {
    out.append(idHead.bytes)
    out.append(events == nil ? number : number - 1)
    out.append(idTail.bytes)
    if let events { out.append(EventPosition.Partial(shard: shard, events: events)) }
    out.append(UInt8(ascii: "\n"))
  }

  // MARK: Gaps

  /// Movements that a reader has missed are no longer kept: it goes on with another.
  private func writeGap(_ shard: ShardID, to number: Int64, _ reader: EventReader) {
    let from = reader.position.numbers[shard] + 1
    reader.advance(shard, to: number - 1)
    writeGap(shard, from: from, reader)
  }

  private func writeGap(_ shard: ShardID, from: Int64, _ reader: EventReader) {
    out.append("id: ")
    out.append(reader.position)
    out.append("\nevent: gap\ndata: {\"shard\":")
    out.append(Int64(shard))
    out.append(",\"missing_from\":")
    out.append(from)
    out.append(",\"continues_at\":")
    out.append(reader.position.numbers[shard] + 1)
    out.append("}\n\n")
  }

  func sendGap(_ shard: ShardID, from: Int64, to reader: EventReader) {
    guard let connection = reader.connection else { return }
    out.removeAll()
    writeGap(shard, from: from, reader)
    send(to: reader, connection)
  }

  private func send(to reader: EventReader, _ connection: HTTPConnection) {
    reader.lastWrite = tick
    connection.writeEvents(out.bytes)
    out.removeAll()
  }
}
