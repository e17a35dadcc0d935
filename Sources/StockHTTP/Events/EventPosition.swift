import StockCore

/// How far a reader of events has got: what `id` says, and `Last-Event-ID` says back.
///
/// As text the number of the last movement of each shard, in their order: `12.5.0.33`. Movements can
/// make several events, so an id between them also says how many of the next movement's events were
/// had: `12.5.0.33-3.1` is one event into the movement 34 of shard 3.
struct EventPosition: Equatable, Sendable {
  /// Some, but not all, events of the next movement of a shard.
  struct Partial: Equatable, Sendable {
    var shard: ShardID
    /// 1 or more.
    var events: Int
  }

  /// For each shard, the number of the last movement that was told, or passed over.
  var numbers: [Int64]
  var partial: Partial?

  init(numbers: [Int64]) { self.numbers = numbers }

  /// - Returns: nil where the text is no id of an engine with so many shards.
  init?(_ text: String, shardCount: Int) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return nil }
    var numbers: [Int64] = []
    for part in parts[0].split(separator: ".", omittingEmptySubsequences: false) {
      guard numbers.count < shardCount, let number = Numerals.integer(part) else { return nil }
      numbers.append(number)
    }
    guard numbers.count == shardCount else { return nil }
    self.numbers = numbers
    guard parts.count == 2 else { return }
    let rest = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard rest.count == 2, let shard = Numerals.integer(rest[0]), shard < shardCount,
      let events = Numerals.integer(rest[1]),
      (1...EventBatch.maxEventsPerMovement).contains(
        Int(events))
    else { return nil }
    partial = Partial(shard: ShardID(shard), events: Int(events))
  }
}

extension ByteWriter {
  /// An id as text.
  mutating func append(_ position: EventPosition) {
    appendHead(of: position, upTo: position.numbers.count)
    if let partial = position.partial { append(partial) }
  }

  /// The first `count` numbers, with points between them.
  mutating func appendHead(of position: EventPosition, upTo count: Int) {
    for shard in 0..<count {
      if shard > 0 { append(UInt8(ascii: ".")) }
      append(position.numbers[shard])
    }
  }

  mutating func append(_ partial: EventPosition.Partial) {
    append(UInt8(ascii: "-"))
    append(Int64(partial.shard))
    append(UInt8(ascii: "."))
    append(Int64(partial.events))
  }
}
