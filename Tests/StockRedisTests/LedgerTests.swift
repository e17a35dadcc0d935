import NIOCore
import StockCore
import StockRedis
import Testing

@Suite("The ledger")
struct LedgerTests {
  private func text(_ movements: [Movement], _ notes: [MovementNote] = []) -> String {
    var buffer = ByteBuffer()
    buffer.writeMovements(movements, notes: notes) { TestShard.locations[Int($0)] }
    return String(buffer: buffer)
  }

  private func read(
    _ shard: TestShard, _ write: @Sendable @escaping (inout ByteBuffer, String) -> Void
  ) async throws -> [LedgerBatch] {
    let key = shard.keys.ledger(7)
    return try await shard.connection.query({ write(&$0, key) }) {
      reply -> Result<[LedgerBatch], RecordError> in
      do throws(RecordError) { return .success(try LedgerReply.decode(reply, shard: 7)) } catch {
        return .failure(error)
      }
    }.get()
  }

  private func batch(
    _ shard: TestShard, _ sequence: Sequence64, after previous: Int64, _ movements: [Movement],
    _ notes: [MovementNote] = []
  ) -> Batch {
    var batch = shard.batch(sequence)
    batch.previousMovements = previous
    batch.movements = movements
    batch.notes = notes
    return batch
  }

  @Test("movements read as the format says")
  func format() {
    var first = movement(
      .reserve, 123, reserved: 2, after: (100, 7), location: 1, note: 1)
    first.edges = [.lowStock, .backInStock]
    let movements = [first, movement(.transferOut, 5, quantity: -9, after: (1, 0))]
    let notes = [MovementNote(), MovementNote(reason: "Sold, \u{e9}", reference: "r3-0a")]
    #expect(
      text(movements, notes)
        == "reserve\t5\t123\t1\tSHELF 3\t0\t2\t100\t7\t3\t1291190400000\tSold, \u{e9}\tr3-0a\n"
        + "transfer_out\t0\t5\t\tWAREHOUSE_A\t-9\t0\t1\t0\t\t\t\t")
    let again = movement(.transferOut, 5, quantity: -9, after: (-8, 0))
    #expect(
      text([movements[1], again])
        == "transfer_out\t0\t5\t1\tWAREHOUSE_A\t-9\t0\t1\t0\t3\t1291190400000\t\t\n"
        + "\t\t\t\t\t\t\t-8\t\t\t\t\t")
    #expect(text([]).isEmpty)
  }

  @Test("random movements come back from Redis as they were committed, in pages from both ends")
  func roundTrip() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      var all: [LedgerBatch] = []
      var total: Int64 = 0
      for sequence in Int64(1)...40 {
        let notes = (0..<Int.random(in: 0...3)).map { _ in
          MovementNote(
            reason: RandomRecords.text(0...30), reference: RandomRecords.text(0...30))
        }
        let movements = (0..<Int.random(in: 0...20)).map { _ in
          Movement(
            kind: Movement.Kind.allCases.randomElement() ?? .set,
            edges: Movement.Edges(rawValue: .random(in: 0...7)), product: RandomRecords.id(),
            store: RandomRecords.id(), location: .random(in: 0..<3),
            quantityChange: RandomRecords.count() * (.random() ? 1 : -1),
            reservedChange: RandomRecords.count() * (.random() ? 1 : -1),
            quantityAfter: RandomRecords.count(), reservedAfter: RandomRecords.count(),
            actor: RandomRecords.count(), occurredAt: RandomRecords.time(),
            note: Int32.random(in: -1..<Int32(notes.count)))
        }
        let batch = batch(shard, sequence, after: total, movements, notes)
        #expect(try await shard.commit(batch) == .committed)
        if !movements.isEmpty {
          let committed = CommittedMovements(
            shard: 7, sequence: sequence, firstNumber: total + 1, movements: movements, notes: notes
          )
          all.append(LedgerBatch(committed) { TestShard.locations[Int($0)] })
        }
        total += Int64(movements.count)
        #expect(try await shard.held("stock:{7}:meta")["movements"] == "\(total)")
      }
      #expect(
        try await read(shard) { $0.writeLedgerRange($1, after: 0, count: 100) } == all)
      #expect(
        try await read(shard) { $0.writeLedgerReverse($1, before: .max, count: 100) }
          == all.reversed())

      // Whatever number a reader goes on from, it gets the rest, and no more than the whole commit.
      for number in [0, 1, total / 2, total - 1, total] {
        let rest = all.filter { ($0.entries.last?.number ?? 0) > number }
        #expect(
          try await read(shard) { $0.writeLedgerRange($1, after: number, count: 100) } == rest)
        #expect(
          try await read(shard) { $0.writeLedgerRange($1, after: number, count: 1) }
            == Array(rest.prefix(1)))
        let earlier = all.filter { ($0.entries.last?.number ?? 0) < number }
        guard number > 0 else { continue }
        #expect(
          try await read(shard) { $0.writeLedgerReverse($1, before: number, count: 2) }
            == Array(earlier.reversed().prefix(2)))
      }
    }
  }

  @Test("the id is the last movement's number and the sequence; a resend adds nothing")
  func ids() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let moved = [movement(.set, 1, quantity: 9), movement(.reserve, 1, reserved: 1)]
      let first = batch(shard, 1, after: 0, moved)
      for _ in 0..<3 { #expect(try await shard.commit(first) == .committed) }
      #expect(try await shard.commit(batch(shard, 2, after: 2, [])) == .committed)
      #expect(try await shard.commit(batch(shard, 3, after: 2, moved)) == .committed)
      let entries = try await connection.call(["XRANGE", "stock:{7}:log", "-", "+"]).elements
      #expect(entries.map { $0.elements.first?.text } == ["2-1", "4-3"])
      #expect(
        entries.first?.elements.last
          == .array([.text("v"), .text("1"), .text("m"), .text(text(moved))]))
    }
  }

  @Test("a ledger that is ahead, or of another type, stops a batch before the first write")
  func refused() async throws {
    for damage in [["XADD", "stock:{7}:log", "3-0", "v", "1"], ["SET", "stock:{7}:log", "x"]] {
      try await TestRedis.with { _, connection in
        let shard = try await TestShard(connection)
        _ = try await connection.call(damage)
        var batch = batch(shard, 1, after: 0, [movement(.set, 1, quantity: 9)])
        batch.entries = [EntryChange(id: 8, product: 1, before: nil, after: entryValue(9, 0))]
        batch.products = [ProductChange(id: 1, before: nil, after: productValue())]
        guard case .failed = try await shard.commit(batch) else {
          Issue.record("not failed")
          return
        }
        #expect(try await shard.heldEntries().isEmpty)
        #expect(try await shard.held("stock:{7}:products").isEmpty)
        #expect(try await shard.held("stock:{7}:meta")["sequence"] == "0")
      }
    }
  }

  @Test("a refused batch leaves no movements")
  func invalid() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      var batch = batch(shard, 1, after: 0, [movement(.set, 1, quantity: 9)])
      batch.entries = [EntryChange(id: 8, product: 1, before: nil, after: entryValue(-1, 0))]
      guard case .invalid = try await shard.commit(batch) else {
        Issue.record("not refused")
        return
      }
      #expect(try await connection.call(["EXISTS", "stock:{7}:log"]) == .integer(0))
    }
  }

  @Test("old movements are cut off, and never more than that")
  func trim() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let scripts = try #require(connection.scripts)
      let encoder = CommitEncoder(keys: shard.keys, shard: 7, ledgerLength: 10_000)
      let moved = (0..<500).map { movement(.adjust, Int64($0 + 1), quantity: 1) }
      let owner = shard.ownership
      for turn in Int64(0)..<100 {
        let batch = batch(shard, turn + 1, after: turn * 500, moved)
        let reply = try await connection.query({ buffer in
          encoder.encode(batch, ownership: owner, scripts: scripts, into: &buffer) {
            TestShard.locations[Int($0)]
          }
        }) { CommitReply($0) }
        #expect(reply == .committed)
      }
      let left = try await read(shard) { $0.writeLedgerRange($1, after: 0, count: 1_000) }
      let first = try #require(left.first?.entries.first)
      #expect(left.last?.entries.last?.number == 50_000)
      #expect(first.number <= 40_001)
      // What is cut is cut every 4,096 movements, in whole nodes of the stream.
      #expect(first.number > 50_000 - 10_000 - 4_096 - 1_000)
      #expect(left.reduce(0) { $0 + $1.entries.count } == Int(50_001 - first.number))
    }
  }

  @Test(
    "an entry of the stream that we did not write so is refused",
    arguments: [
      (["5-1", "v", "2", "m", "x"], "version is 2"),
      (["5-1", "m", "x"], "version is missing"),
      (["5-1", "v", "1"], "no movements"),
      (["5-1", "v", "1", "m", ""], "kind"),
      (["5-1", "v", "1", "m", "\t0\t1\t1\tA\t1\t0\t1\t0\t0\t1\t\t"], "kind"),
      (["5-1", "v", "1", "m", "set\t0\t1\t1\tA\t1\t\t1\t0\t0\t1\t\t"], "reserved_change"),
      (["5-1", "v", "1", "m", "steal\t0\t1\t1\tA\t1\t0\t1\t0\t0\t1\t\t"], "steal"),
      (["5-1", "v", "1", "m", "set\t8\t1\t1\tA\t1\t0\t1\t0\t0\t1\t\t"], "edges"),
      (["5-1", "v", "1", "m", "set\t0\t1\t1\ta\t1\t0\t1\t0\t0\t1\t\t"], "location"),
      (["5-1", "v", "1", "m", "set\t0\t1\t1\tA\t1\t0\t1\t0\t0\t1\t"], "reason"),
      (
        [
          "1-1", "v", "1", "m",
          "set\t0\t1\t1\tA\t1\t0\t1\t0\t0\t1\t\t\nset\t0\t1\t1\tA\t1\t0\t1\t0\t0\t1\t\t",
        ], "more movements"
      ),
    ])
  func malformed(_ entry: [String], _ word: String) async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["XADD", "stock:{7}:log"] + entry)
      let error = try await #require(throws: RecordError.self) {
        try await read(shard) { $0.writeLedgerRange($1, after: 0, count: 10) }
      }
      #expect(error.reason.contains(word), "\(error)")
      #expect(error.reason.contains(entry[0]), "\(error)")
    }
  }
}
