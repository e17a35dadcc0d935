/// A histogram of plain integers: two buckets for each power of two, so that a quantile read from it is
/// at most a third too high. Belongs to one loop; others get copies.
public struct Buckets: Equatable, Sendable {
  /// 2^`first` is the upper bound of the first bucket.
  public let first: Int
  /// The last one has no upper bound.
  public private(set) var counts: [Int]
  public private(set) var sum = 0

  /// - Parameters:
  ///   - first: bits of the first upper bound.
  ///   - last: bits of the last upper bound, which is followed by one bucket for the rest.
  public init(first: Int, last: Int) {
    precondition(first > 0 && last > first && last < 60, "no such buckets")
    self.first = first
    counts = Array(repeating: 0, count: 2 * (last - first) + 2)
  }

  /// - Parameter value: 0 or more; less counts as 0.
  @inline(__always)
  public mutating func add(_ value: Int) {
    let value = max(0, value)
    // An upper bound belongs to its bucket, as in Prometheus.
    let below = max(value - 1, 1)
    let exponent = Int.bitWidth - 1 - below.leadingZeroBitCount
    var place = 0
    if exponent >= first {
      let half = below >> (exponent - 1) & 1
      place = min(2 * (exponent - first) + half + 1, counts.count - 1)
    }
    counts[place] &+= 1
    sum &+= value
  }

  /// The upper bound of a bucket; nil: it has none.
  public func bound(_ place: Int) -> Int? {
    guard place < counts.count - 1 else { return nil }
    let base = 1 << (first + place / 2)
    return place.isMultiple(of: 2) ? base : base + base / 2
  }

  public var total: Int { counts.reduce(0, +) }

  /// Adds what another loop has counted.
  public mutating func add(_ other: Buckets) {
    precondition(first == other.first && counts.count == other.counts.count, "other buckets")
    for place in counts.indices { counts[place] += other.counts[place] }
    sum += other.sum
  }
}
