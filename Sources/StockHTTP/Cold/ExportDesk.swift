import StockCore
import StockEngine

/// Exports under way: each keeps the snapshot of the shard that it is reading, so that a shard is shown
/// as it was at one moment, however long its reader takes.
actor ExportDesk {
  /// A snapshot can cost as much memory as a shard's entries.
  static let maxExports = 2
  /// An export that nobody goes on with is forgotten.
  static let patience = Duration.seconds(60)

  private struct Export {
    var snapshot: ShardSnapshot
    var usedAt: ContinuousClock.Instant
  }

  /// Where a page begins. As text: three numbers, the first one hexadecimal, with `-` between.
  /// Rows are counted in 32 bits: more is nobody's page.
  struct Position: Equatable, Sendable {
    var export: UInt64
    var shard: ShardID
    var row: Int

    var text: String { "\(String(export, radix: 16))-\(shard)-\(row)" }

    init(export: UInt64, shard: ShardID, row: Int) {
      self.export = export
      self.shard = shard
      self.row = row
    }

    init?(_ text: String) {
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, text.utf8.count <= 64, let export = UInt64(parts[0], radix: 16),
        let shard = ShardID(parts[1]), shard >= 0, let row = Int(parts[2]), row >= 0,
        row <= Int32.max
      else { return nil }
      self.init(export: export, shard: shard, row: row)
    }
  }

  private var exports: [UInt64: Export] = [:]
  /// Of those that ask for their first snapshot.
  private var beginning = 0

  private func forgetAbandoned() {
    let now = ContinuousClock.now
    exports = exports.filter { now - $0.value.usedAt < Self.patience }
  }

  /// One page, and where the next one begins.
  ///
  /// - Parameters:
  ///   - position: nil begins an export.
  ///   - rows: how many to look at.
  func page(
    from position: Position?, rows: Int, store: StoreID?, of engine: any Engine
  ) async throws(Problem) -> ColdAnswer {
    let now = ContinuousClock.now
    forgetAbandoned()
    let from = position ?? Position(export: .random(in: 1...UInt64.max), shard: 0, row: 0)
    guard from.shard < engine.shardMap.shardCount else {
      throw .invalid("cursor", "is not one of this list")
    }
    var snapshot: ShardSnapshot
    if let known = exports[from.export], known.snapshot.shard == from.shard {
      snapshot = known.snapshot
    } else {
      guard position == nil || exports[from.export] != nil else {
        throw .invalid("cursor", "is of an export that is over; begin again without one")
      }
      guard position != nil || exports.count + beginning < Self.maxExports else {
        throw Problem(.overloaded, "\(Self.maxExports) exports are under way.")
      }
      // While a snapshot is made others may ask.
      if position == nil { beginning += 1 }
      defer { if position == nil { beginning -= 1 } }
      do { snapshot = try await engine.snapshot(of: from.shard) } catch {
        switch error {
        case .unavailable(let why): throw Problem(.storeUnavailable, why)
        }
      }
    }
    exports[from.export] = Export(snapshot: snapshot, usedAt: now)
    var next: Position? = from
    // A position is a client's: any number may come.
    let first = min(from.row, snapshot.rowCount)
    let end = first + rows
    if end < snapshot.rowCount {
      next?.row = end
    } else if from.shard + 1 < engine.shardMap.shardCount {
      next = Position(export: from.export, shard: from.shard + 1, row: 0)
    } else {
      next = nil
      exports[from.export] = nil
    }
    if next != nil {
      // Weakly: the server may be gone by then.
      Task { [weak self] in
        try? await Task.sleep(for: Self.patience + .seconds(1))
        await self?.forgetAbandoned()
      }
    }
    return ColdAnswer { $0.append(snapshot, rows: first..<end, store: store, next: next?.text) }
  }
}

extension ByteWriter {
  fileprivate mutating func append(
    _ snapshot: ShardSnapshot, rows: Range<Int>, store: StoreID?, next: String?
  ) {
    append("{\"items\":[")
    var isFirst = true
    snapshot.visit(rows) { product, entry in
      guard store == nil || product.value.store == store else { return }
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      append("{\"product\":")
      append(product)
      append(",\"entry\":")
      if let entry { append(entry) } else { append("null") }
      append("}")
    }
    append("],\"shard\":")
    append(Int64(snapshot.shard))
    append(",\"sequence\":")
    append(snapshot.sequence)
    append(",\"next_cursor\":")
    if let next { append(json: next) } else { append("null") }
    append("}")
  }
}
