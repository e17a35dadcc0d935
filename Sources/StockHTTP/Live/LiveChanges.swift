import StockCore
import StockEngine

/// What has become of entries since the last look: of each one the last movement. However much is sold,
/// a page is told of so many entries a second and no more.
struct LiveChanges {
  /// Entries that are kept apart. Beyond it a page has to look for itself.
  static let maxEntries = 500

  struct Key: Hashable {
    var product: ProductID
    var location: String
  }

  private(set) var entries: [Key: LedgerEntry] = [:]
  private(set) var movements: Int64 = 0
  /// There were more entries than are kept.
  private(set) var isCut = false

  mutating func note(_ batches: [LedgerBatch]) {
    for batch in batches {
      movements += Int64(batch.entries.count)
      for entry in batch.entries {
        let key = Key(product: entry.product, location: entry.location)
        if entries.count >= Self.maxEntries, entries[key] == nil {
          isCut = true
        } else {
          entries[key] = entry
        }
      }
    }
  }
}
