import StockTestKit

/// Makes inputs of those there are: what a fuzzer does first, without looking at what the code makes of
/// it. The seed decides all.
struct Mutator {
  /// Bytes of an input at most, as in `fuzz.sh`.
  static let maxBytes = 4_096

  private let inputs: [[UInt8]]
  private var random: SeededRandom

  /// - Parameter inputs: one at least.
  init(_ inputs: [[UInt8]], seed: UInt64) {
    self.inputs = inputs
    random = SeededRandom(seed: seed)
  }

  mutating func next() -> [UInt8] {
    var bytes = random.pick(inputs)
    for _ in 0...random.below(4) { change(&bytes) }
    return Array(bytes.prefix(Self.maxBytes))
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes = random.pick(inputs) }
    let place = random.below(bytes.count)
    let end = min(bytes.count, place + 1 + random.below(16))
    switch random.below(7) {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes[place] ^= 1 << UInt8(random.below(8))
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 4: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    case 5:
      // A piece of another one.
      let other = random.pick(inputs)
      guard !other.isEmpty else { return }
      let start = random.below(other.count)
      let piece = other[start..<min(other.count, start + 1 + random.below(64))]
      bytes.insert(contentsOf: piece, at: place)
    default: bytes.removeSubrange(place...)
    }
  }
}
