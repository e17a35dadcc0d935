import StockCore
import StockRedis
import Testing

@Suite("commit.lua on a real Redis")
struct CommitScriptTests {
  @Test("writes entries, products and meta as the layout says")
  func writes() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let made = shard.batch(
        1,
        entries: [EntryChange(id: 8, product: 123, before: nil, after: entryValue(100, 5))],
        products: [ProductChange(id: 123, before: nil, after: productValue(title: "Tea\u{e9} pot"))]
      )
      #expect(try await shard.commit(made) == .committed)
      #expect(
        try await shard.heldEntries() == [
          "8": "95 5 1 123 1291190400000 1291190460000 - WAREHOUSE_A"
        ])
      #expect(
        try await shard.held(shard.keys.products(7)) == [
          "123":
            "store=1\ttype=physical\tversion=1\tcreated=1291190400000\tupdated=1291190460000\ttitle=Tea\u{e9} pot"
        ])
      #expect(
        try await shard.held("stock:{7}:meta") == [
          "owner": "engine-1", "epoch": "1", "sequence": "1", "digest": "0000000000000abc",
          "last_entry": "42", "movements": "0", "oldest_bucket": "0",
        ])

      let changed = shard.batch(
        2, digest: .max,
        entries: [
          EntryChange(
            id: 8, product: 123, before: entryValue(100, 5), after: entryValue(100, 6, version: 2)),
          EntryChange(id: 16, product: 123, before: nil, after: entryValue(1, 0, location: 1)),
        ],
        products: [
          ProductChange(
            id: 123, before: productValue(title: "not compared"), after: productValue(version: 2))
        ])
      #expect(try await shard.commit(changed) == .committed)
      let gone = shard.batch(
        3,
        entries: [
          EntryChange(
            id: 8, product: 123, before: entryValue(100, 6, version: 2), after: nil)
        ])
      #expect(try await shard.commit(gone) == .committed)
      #expect(
        try await shard.heldEntries() == [
          "16": "1 0 1 123 1291190400000 1291190460000 - SHELF 3"
        ])
    }
  }

  @Test("a batch without changes moves the sequence only")
  func empty() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      #expect(try await shard.commit(shard.batch(1)) == .committed)
      #expect(try await shard.held(shard.keys.meta(7))["sequence"] == "1")
      #expect(try await shard.heldEntries().isEmpty)
    }
  }

  @Test("another owner, an old or a future epoch are fenced, whatever else is true")
  func fenced() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(1)
      for other in [
        Ownership(owner: "engine-2", epoch: 1), Ownership(owner: "engine-1", epoch: 0),
        Ownership(owner: "engine-1", epoch: 2), Ownership(owner: "engine-1", epoch: 10),
      ] {
        #expect(try await shard.commit(batch, ownership: other) == .fenced)
      }
      #expect(try await shard.commit(batch) == .committed)
      // Fenced comes before ALREADY: an old owner's resend gets no yes.
      try await shard.take("engine-2")
      #expect(try await shard.commit(batch) == .fenced)
    }
  }

  @Test("the same batch again is committed, and changes nothing")
  func already() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(
        1, entries: [EntryChange(id: 8, product: 1, before: nil, after: entryValue(3, 0))])
      #expect(try await shard.commit(batch) == .committed)
      let after = try await shard.heldEntries()
      #expect(try await shard.commit(batch) == .committed)
      #expect(try await shard.commit(batch, form: .text) == .committed)
      #expect(try await shard.heldEntries() == after)
      #expect(try await shard.held(shard.keys.meta(7))["sequence"] == "1")
    }
  }

  @Test("the same batch on another connection is a write of that one, so that WAIT counts for it")
  func alreadyIsWrite() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(1)
      #expect(try await shard.commit(batch) == .committed)
      /// What Redis has for its replicas and its file, in writes.
      func writes() async throws -> String? {
        try await connection.call(["INFO", "persistence"]).text?.split(separator: "\r\n")
          .first { $0.hasPrefix("rdb_changes_since_last_save:") }.map(String.init)
      }
      let (meta, before) = (try await shard.held(shard.keys.meta(7)), try await writes())
      #expect(try await shard.commit(batch) == .committed)
      #expect(try await writes() != before)
      #expect(try await shard.held(shard.keys.meta(7)) == meta)
    }
  }

  @Test("another digest, a gap, or an old sequence is a mismatch")
  func sequence() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      #expect(try await shard.commit(shard.batch(2)) == .sequenceMismatch(held: 0))
      #expect(try await shard.commit(shard.batch(1, digest: 1)) == .committed)
      #expect(try await shard.commit(shard.batch(2, digest: 1)) == .committed)
      #expect(try await shard.commit(shard.batch(2, digest: 2)) == .sequenceMismatch(held: 2))
      #expect(try await shard.commit(shard.batch(1, digest: 1)) == .sequenceMismatch(held: 2))
      #expect(try await shard.commit(shard.batch(4)) == .sequenceMismatch(held: 2))
      // A slip of the caller's: the new one must differ from the previous.
      var still = shard.batch(3, digest: 9)
      still.sequence = 2
      #expect(try await shard.commit(still) == .sequenceMismatch(held: 2))
      // Digits are compared as text: these two are one double.
      try #require(
        await connection.call(["HSET", "stock:{7}:meta", "sequence", "9007199254740993"])
          == .integer(0))
      var near = shard.batch(9_007_199_254_740_994)
      near.previous = 9_007_199_254_740_992
      #expect(
        try await shard.commit(near) == .sequenceMismatch(held: 9_007_199_254_740_993))
      #expect(try await shard.commit(shard.batch(9_007_199_254_740_994)) == .committed)
    }
  }

  @Test("a missing meta is a failure, and not made")
  func noMeta() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["DEL", "stock:{7}:meta"])
      guard case .failed(let words) = try await shard.commit(shard.batch(1)) else {
        Issue.record("committed without meta")
        return
      }
      #expect(words.contains("meta is missing"))
      #expect(try await connection.call(["EXISTS", "stock:{7}:meta"]) == .integer(0))
    }
  }

  @Test(
    "what differs from Redis, or goes below zero, is refused whole", arguments: InvalidChange.all)
  func invalid(_ change: InvalidChange) async throws {
    let (name, held) = (change.name, change.held)
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      if let held { _ = try await connection.call(["HSET", "stock:{7}:entries", "8", held]) }
      let was = try await shard.heldEntries()
      let batch = shard.batch(
        1,
        entries: [
          EntryChange(id: 16, product: 5, before: nil, after: entryValue(1, 0)),
          EntryChange(id: 8, product: 5, before: change.before, after: change.after),
          EntryChange(id: 24, product: 5, before: nil, after: entryValue(1, 0)),
        ],
        products: [ProductChange(id: 5, before: nil, after: productValue())])
      guard case .invalid(let words) = try await shard.commit(batch) else {
        Issue.record("\(name) was not refused as invalid")
        return
      }
      #expect(words.contains("field 8"), "\(words)")
      #expect(try await shard.heldEntries() == was, "\(name)")
      #expect(try await shard.held("stock:{7}:products").isEmpty)
      #expect(try await shard.held("stock:{7}:meta")["sequence"] == "0")
    }
  }

  @Test("an invalid product keeps the entries from being written")
  func invalidProduct() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(
        1, entries: [EntryChange(id: 8, product: 5, before: nil, after: entryValue(1, 0))],
        products: [
          ProductChange(id: 5, before: productValue(version: 3), after: productValue(version: 4))
        ])
      guard case .invalid(let words) = try await shard.commit(batch) else {
        Issue.record("not refused")
        return
      }
      #expect(words == "stock:{7}:products field 5: Redis holds nothing")
      #expect(try await shard.heldEntries().isEmpty)
    }
  }

  @Test(
    "a key of another type fails before anything is written", arguments: ["entries", "products"])
  func wrongType(_ name: String) async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["SET", "stock:{7}:\(name)", "text"])
      let batch = shard.batch(
        1, entries: [EntryChange(id: 8, product: 5, before: nil, after: entryValue(1, 0))],
        products: [ProductChange(id: 5, before: nil, after: productValue())])
      guard case .failed(let words) = try await shard.commit(batch) else {
        Issue.record("not failed")
        return
      }
      #expect(words.hasPrefix("WRONGTYPE"))
      let other = name == "entries" ? "products" : "entries"
      #expect(try await connection.call(["EXISTS", "stock:{7}:\(other)"]) == .integer(0))
      #expect(try await shard.held("stock:{7}:meta")["sequence"] == "0")
    }
  }

  @Test("ten thousand changes go in one batch, and ten thousand deletes")
  func large() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let ids = (1...10_000).map { Int64($0) }
      let make = shard.batch(
        1,
        entries: ids.map {
          EntryChange(id: $0, product: $0, before: nil, after: entryValue($0, 0))
        },
        products: ids.prefix(2500).map {
          ProductChange(id: $0, before: nil, after: productValue(title: "P\($0)"))
        })
      #expect(try await shard.commit(make) == .committed)
      var held = try await shard.heldEntries()
      #expect(held.count == 10_000)
      #expect(ids.allSatisfy { held["\($0)"]?.hasPrefix("\($0) 0 1 \($0) ") == true })
      #expect(try await shard.held("stock:{7}:products").count == 2500)

      // The last of all is wrong: nothing of it may be written.
      var wrong = ids.map {
        EntryChange(
          id: $0, product: $0, before: entryValue($0, 0), after: entryValue($0, 1, version: 2))
      }
      wrong[9999].before = entryValue(1, 1)
      guard case .invalid = try await shard.commit(shard.batch(2, entries: wrong)) else {
        Issue.record("not refused")
        return
      }
      #expect(try await shard.heldEntries() == held)

      let delete = ids.map {
        EntryChange(id: $0, product: $0, before: entryValue($0, 0), after: nil)
      }
      #expect(try await shard.commit(shard.batch(2, entries: delete)) == .committed)
      held = try await shard.heldEntries()
      #expect(held.isEmpty)
    }
  }

  @Test("a Redis that forgot the script says so, and takes its text")
  func scriptForgotten() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["SCRIPT", "FLUSH"])
      guard case .notExecuted(.scriptMissing, _) = try await shard.commit(shard.batch(1)) else {
        Issue.record("not missed")
        return
      }
      #expect(try await shard.commit(shard.batch(1), form: .text) == .committed)
      #expect(try await shard.commit(shard.batch(2)) == .committed)
    }
  }
}

/// What Redis holds, what the batch says was there, what it wants: all must be refused.
struct InvalidChange: Sendable, CustomTestStringConvertible {
  var name: String
  var held: String?
  var before: EntryValue?
  var after: EntryValue?

  init(_ name: String, _ held: String?, _ before: EntryValue?, _ after: EntryValue?) {
    self.name = name
    self.held = held
    self.before = before
    self.after = after
  }

  var testDescription: String { name }

  static let all: [InvalidChange] = [
    InvalidChange(
      "another counter", "9 1 1 5 1 1 - B", entryValue(10, 0), entryValue(9, 0, version: 2)),
    InvalidChange(
      "another version", "10 0 2 5 1 1 - B", entryValue(10, 0), entryValue(9, 0, version: 2)),
    InvalidChange(
      "another product", "10 0 1 55 1 1 - B", entryValue(10, 0), entryValue(9, 0, version: 2)),
    InvalidChange("prefix in the middle", "110 0 1 5 1 1 - B", entryValue(10, 0), entryValue(9, 0)),
    InvalidChange("made, but held", "10 0 1 5 1 1 - B", nil, entryValue(10, 0)),
    InvalidChange("changed, but not held", nil, entryValue(10, 0), entryValue(9, 0, version: 2)),
    InvalidChange("deleted, but not held", nil, entryValue(10, 0), nil),
    InvalidChange("deleted, but another", "10 1 1 5 1 1 - B", entryValue(10, 0), nil),
    InvalidChange(
      "oversold", "10 0 1 5 1 1 - B", entryValue(10, 0), entryValue(10, 11, version: 2)),
    InvalidChange(
      "negative reserved", "10 0 1 5 1 1 - B", entryValue(10, 0), entryValue(10, -1, version: 2)),
    InvalidChange("negative both", nil, nil, entryValue(-3, -1)),
    InvalidChange(
      "held was negative", "-1 0 1 5 1 1 - B", entryValue(-1, 0), entryValue(-2, 0, version: 2)),
  ]
}
