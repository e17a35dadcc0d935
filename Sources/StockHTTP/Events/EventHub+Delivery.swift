import NIOCore
import StockCore

// What is sent to a reader.
extension EventHub {
  /// A reader's turn.
  func visit(_ reader: EventReader) {
    guard reader.isOpen, let connection = reader.connection else { return }
    guard connection.isWritable else {
      judgeSlow(reader, connection)
      return
    }
    reader.blockedSince = nil
    if reader.seen != version || reader.fetched != nil { deliver(to: reader, connection) }
    if tick - reader.lastWrite >= Self.ticks(.seconds(15)) { keepAlive(reader, connection) }
  }

  /// A reader that takes nothing is let be while what it has missed is in the rings: that costs
  /// nothing. Beyond that it is cut off; it may come again, and goes on where it was.
  private func judgeSlow(_ reader: EventReader, _ connection: HTTPConnection) {
    reader.fetched = nil
    let since = reader.blockedSince ?? tick
    reader.blockedSince = since
    guard tick - since >= Self.ticks(HTTPLimits.slowReaderTimeout) else { return }
    let numbers = reader.position.numbers
    let isLost = numbers.indices.contains { numbers[$0] + 1 < rings.shards[$0].start }
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
    var left = HTTPLimits.eventTurnBytes
    let current = version
    var isThrough = true
    // While events of one movement are outstanding, no other may come between them.
    while let partial = reader.position.partial {
      let result = pass(partial.shard, reader, connection, &left)
      if result == .stopped { return }
      if result == .waiting { isThrough = false }
      if reader.position.partial != nil { break }
    }
    if reader.position.partial == nil {
      for shard in rings.shards.indices {
        switch pass(shard, reader, connection, &left) {
        case .through: continue
        case .waiting: isThrough = false
        case .stopped: return
        }
      }
    }
    if out.count > 0 { send(to: reader, connection) }
    // Someone whose fetch is under way need not be visited before it is there.
    if isThrough || reader.isFetching { reader.seen = current }
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
    if let only = reader.onlyShard, only != shard {
      // Nothing for this reader can be there.
      reader.position.numbers[shard] = max(
        reader.position.numbers[shard], rings.shards[shard].end ?? 0)
      if reader.position.partial?.shard == shard { reader.position.partial = nil }
      return .through
    }
    while reader.position.numbers[shard] < rings.shards[shard].end ?? 0 {
      let next = reader.position.numbers[shard] + 1
      guard let batch = rings.shards[shard].batch(with: next) ?? fetched(next, shard, reader) else {
        if reader.position.numbers[shard] + 1 != next { continue }
        fetch(shard, reader)
        return .waiting
      }
      guard write(batch, reader, connection, &left) else { return .stopped }
    }
    if reader.position.partial?.shard == shard { reader.position.partial = nil }
    if reader.fetched?.shard == shard { reader.fetched = nil }
    return .through
  }

  /// The batch with a movement, of what was fetched. Where the ledger no longer has it, the reader is
  /// told, and its position moves.
  private func fetched(_ number: Int64, _ shard: ShardID, _ reader: EventReader) -> EventBatch? {
    guard let fetched = reader.fetched, fetched.shard == shard else { return nil }
    for batch in fetched.batches where batch.last >= number {
      if batch.first > number { skip(to: batch.first, shard, reader) }
      return batch.first <= reader.position.numbers[shard] + 1 ? batch : nil
    }
    reader.fetched = nil
    // The ledger was asked for this very movement, and has nothing of it or behind it.
    if fetched.after == number - 1 { skip(to: rings.shards[shard].start, shard, reader) }
    return nil
  }

  private func skip(to number: Int64, _ shard: ShardID, _ reader: EventReader) {
    let from = reader.position.numbers[shard] + 1
    reader.position.numbers[shard] = number - 1
    if reader.position.partial?.shard == shard { reader.position.partial = nil }
    writeGap(shard, from: from, reader)
  }

  /// Appends a batch's events from the reader's position on.
  ///
  /// - Returns: false where the reader takes no more for now. Its position says how far it got.
  private func write(
    _ batch: EventBatch, _ reader: EventReader, _ connection: HTTPConnection, _ left: inout Int
  ) -> Bool {
    let shard = batch.batch.shard
    guard batch.mayHave(reader.filter) else {
      reader.position.numbers[shard] = batch.last
      return true
    }
    var isPrepared = false
    for place in Int(reader.position.numbers[shard] + 1 - batch.first)..<batch.batch.entries.count {
      guard reader.filter.takes(batch.batch.entries[place]) else {
        advance(reader, shard)
        continue
      }
      if !isPrepared {
        isPrepared = true
        rings.render(batch)
        prepareIDs(shard, reader)
      }
      let count = batch.eventCount(place)
      var event = reader.position.partial?.events ?? 0
      while event < count {
        event += 1
        let isLast = event == count
        writeID(shard, batch.batch.entries[place].number, isLast ? nil : event)
        batch.write(movement: place, event: event - 1, into: &out)
        reader.position.partial =
          isLast ? nil : EventPosition.Partial(shard: shard, events: event)
        if isLast { advance(reader, shard) }
        guard out.count < HTTPLimits.eventPieceBytes else {
          left -= out.count
          send(to: reader, connection)
          guard left > 0, reader.isOpen, connection.isWritable else { return false }
          continue
        }
      }
      // More events were had than there are: the id was of another movement.
      if reader.position.partial?.shard == shard { advance(reader, shard) }
    }
    return true
  }

  private func advance(_ reader: EventReader, _ shard: ShardID) {
    reader.position.numbers[shard] += 1
    reader.position.partial = nil
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

  /// Movements that a reader has missed are no longer kept.
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
