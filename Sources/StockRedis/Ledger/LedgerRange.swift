public import NIOCore
public import StockCore

extension ByteBuffer {
  /// XRANGE of a ledger, oldest first: the commits with movements after number `after`. Read by
  /// `LedgerReply`.
  ///
  /// The first of them may begin at or before `after`. Where the ledger was trimmed, it begins later.
  ///
  /// - Parameters:
  ///   - after: 0 for all.
  ///   - count: at most so many commits, 1 or more.
  public mutating func writeLedgerRange(_ key: String, after number: Int64, count: Int) {
    writeRESPCommand(["XRANGE", key, "\(number + 1)", "+", "COUNT", "\(count)"])
  }

  /// XREVRANGE of a ledger, newest first: the commits that end before movement `before`. Read by
  /// `LedgerReply`.
  ///
  /// The commit that movement `before` − 1 is in may have later ones too, and then is not among them:
  /// `writeLedgerRange(key, after: before - 2, count: 1)` has it, and its first number is where to go on
  /// from.
  ///
  /// - Parameters:
  ///   - before: 1 or more; `.max` for all.
  ///   - count: at most so many commits, 1 or more.
  public mutating func writeLedgerReverse(_ key: String, before number: Int64, count: Int) {
    writeRESPCommand(["XREVRANGE", key, "\(number - 1)", "-", "COUNT", "\(count)"])
  }
}

/// The reply to XRANGE or XREVRANGE of a ledger.
public enum LedgerReply {
  /// The commits in the order of the reply; the movements of each in the order in which they happened.
  ///
  /// - Throws: `RecordError` for an error reply, for entries of a later format, and for what the engine
  ///   would not have written, with the entry's id in the text.
  public static func decode(
    _ reply: RedisReply, shard: ShardID
  ) throws(RecordError) -> [LedgerBatch] {
    guard reply.isArray else { throw RecordError("the ledger gave no list: \(reply)") }
    var batches: [LedgerBatch] = []
    batches.reserveCapacity(reply.count)
    for place in 0..<reply.count {
      do {
        batches.append(try batch(reply[place], shard: shard))
      } catch {
        let id = reply[place].count > 0 ? reply[place][0].description : "?"
        throw RecordError("ledger entry \(id): \(error.reason)")
      }
    }
    return batches
  }

  private static func batch(
    _ reply: RedisReply, shard: ShardID
  ) throws(RecordError) -> LedgerBatch {
    guard reply.count == 2, reply[1].isArray, reply[1].count.isMultiple(of: 2) else {
      throw RecordError("it is no entry of a stream")
    }
    var id = FieldReader(reply[0].bytes)
    let last = try id.id("movement's number", separator: UInt8(ascii: "-"))
    let sequence = try FieldReader.number("sequence", id.rest, from: 1)
    var version: RedisReply?
    var movements: RedisReply?
    for index in stride(from: 0, to: reply[1].count, by: 2) {
      let name = reply[1][index]
      if name.equals("v") { version = reply[1][index + 1] }
      if name.equals("m") { movements = reply[1][index + 1] }
    }
    guard let version, version.equals(LedgerText.version) else {
      throw RecordError("its version is \(version?.string ?? "missing"), not \(LedgerText.version)")
    }
    guard let movements else { throw RecordError("it has no movements") }
    return LedgerBatch(
      shard: shard, sequence: sequence,
      entries: try LedgerText.decode(movements.bytes, last: last))
  }
}
