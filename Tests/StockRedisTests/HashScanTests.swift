import StockCore
import StockRedis
import Testing

@Suite("Reading a hash page by page")
struct HashScanTests {
  private func readAll(_ shard: TestShard) async throws -> [Int64: EntryRecord] {
    var found: [Int64: EntryRecord] = [:]
    var cursor: String? = "0"
    let key = shard.keys.entries(shard.shard)
    while let at = cursor {
      typealias Page = (next: String?, records: [Int64: EntryRecord])
      let page = try await shard.connection.query({ buffer in
        buffer.writeHashScan(key, cursor: at, count: 100)
      }) { reply -> Result<Page, RecordError> in
        guard let page = HashScanPage(reply) else { return .success((nil, [:])) }
        var records: [Int64: EntryRecord] = [:]
        do throws(RecordError) {
          try page.forEach { id, value throws(RecordError) in
            records[id] = try EntryRecord(decoding: value)
          }
        } catch { return .failure(error) }
        return .success((page.next, records))
      }.get()
      found.merge(page.records) { _, new in new }
      cursor = page.next
    }
    return found
  }

  @Test("finds every entry as it was committed")
  func all() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      #expect(try await readAll(shard).isEmpty)
      let changes = (1...3000).map { number -> EntryChange in
        let value = entryValue(
          Int64(number), Int64(number / 2), location: LocationID(number % 3),
          gtin: number.isMultiple(of: 7) ? GTIN("00012345")! : .none)
        return EntryChange(id: Int64(number), product: 9, before: nil, after: value)
      }
      #expect(try await shard.commit(shard.batch(1, entries: changes)) == .committed)
      let found = try await readAll(shard)
      #expect(found.count == 3000)
      for change in changes {
        let value = try #require(change.after)
        #expect(
          found[change.id]
            == EntryRecord(
              product: 9, value: value, location: TestShard.locations[Int(value.location)]))
      }
    }
  }

  @Test("names the field that is damaged", arguments: [("8", "8"), ("x", "field"), ("0", "field")])
  func damaged(_ field: String, _ word: String) async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["HSET", "stock:{7}:entries", field, "1 -1 1 5 1 1 - B"])
      let error = try await #require(throws: RecordError.self) { try await readAll(shard) }
      #expect(error.reason.contains(word), "\(error)")
    }
  }
}
