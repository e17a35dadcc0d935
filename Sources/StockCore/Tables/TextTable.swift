/// The texts of many rows in a few large blocks: a `String` of its own costs 16 bytes in the row, and
/// from 16 bytes on 32 more and what the allocator adds.
struct TextTable {
  /// Where a text begins.
  struct Place {
    var block: UInt32
    var offset: UInt16
  }

  static let blockBytes = 1 << 16

  private var blocks: ContiguousArray<ContiguousArray<UInt8>> = []
  private(set) var bytes = 0

  /// Keeps two texts, one behind the other, of less than a block together.
  mutating func add(_ first: String, _ second: String) -> Place {
    let count = first.utf8.count + second.utf8.count
    precondition(count <= Self.blockBytes, "texts longer than a block")
    if count == 0 { return Place(block: 0, offset: 0) }
    if blocks.isEmpty || blocks[blocks.count - 1].count + count > Self.blockBytes {
      blocks.append([])
    }
    let last = blocks.count - 1
    let place = Place(block: UInt32(last), offset: UInt16(blocks[last].count))
    blocks[last].append(contentsOf: first.utf8)
    blocks[last].append(contentsOf: second.utf8)
    bytes += count
    return place
  }

  /// The text of `count` bytes, `skipping` so many behind a place.
  func text(_ place: Place, skipping: Int = 0, count: Int) -> String {
    if count == 0 { return "" }
    let start = Int(place.offset) + skipping
    return String(decoding: blocks[Int(place.block)][start..<start + count], as: UTF8.self)
  }
}
