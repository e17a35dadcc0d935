#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which product the next request is about: a place from 0.
enum ProductPicker: Sendable {
  /// Always the first.
  case one
  /// Each as often as any other.
  case uniform(Int)
  case zipf(ZipfTable)

  @inline(__always)
  func next(_ random: inout BenchRandom) -> Int {
    switch self {
    case .one: 0
    case .uniform(let count): random.below(count)
    case .zipf(let table): table.next(&random)
    }
  }
}

/// Zipf's distribution: the product at place k is drawn as often as 1 / (k + 1)^s. Any draw costs two
/// random numbers and one look into a table (the alias method: Walker 1977, Vose 1991).
struct ZipfTable: Sendable {
  private struct Cell {
    /// Below this share of the cell, its own place is drawn …
    var share: Double
    /// … else this one.
    var other: Int32
  }

  private var cells: [Cell]

  /// - Parameters:
  ///   - count: 1 or more.
  ///   - exponent: 0 is uniform; real shops are near 1.
  init(count: Int, exponent: Double) {
    precondition(count > 0 && count <= Int(Int32.max), "a table needs places")
    var weights = (1...count).map { pow(Double($0), -exponent) }
    let sum = weights.reduce(0, +)
    for index in weights.indices { weights[index] *= Double(count) / sum }
    cells = weights.indices.map { Cell(share: 1, other: Int32($0)) }
    // Each cell that is less than full is filled up from one that is more than full.
    var poor = weights.indices.filter { weights[$0] < 1 }
    var rich = weights.indices.filter { weights[$0] >= 1 }
    while let low = poor.popLast() {
      guard let high = rich.last else { break }
      cells[low] = Cell(share: weights[low], other: Int32(high))
      weights[high] -= 1 - weights[low]
      if weights[high] < 1 {
        rich.removeLast()
        poor.append(high)
      }
    }
  }

  @inline(__always)
  func next(_ random: inout BenchRandom) -> Int {
    let place = random.below(cells.count)
    let cell = cells[place]
    return random.fraction() < cell.share ? place : Int(cell.other)
  }
}
