/// Waves of buyers on few products, each of whom asks once for one unit: the first are served, the
/// others are told that it is sold out. Then the shelves are filled again, and the next wave comes.
struct FlashSaleWorkload: Workload {
  let kinds = [RequestKind("reserve"), RequestKind("restock", isCounted: false)]
  private(set) var books: BenchBooks
  private let reserve: BytePattern
  private let restock: BytePattern
  private let units: Int
  private let buyers: Int
  private let products: Int
  private var random: BenchRandom
  private var asked: [Int32]
  /// Buyers of this wave who have not asked yet.
  private var waiting: Int
  /// Products of this wave that have been filled again.
  private var stocked: Int

  /// - Parameters:
  ///   - units: of each product, for each wave. The first wave finds them there.
  ///   - demand: buyers for each unit.
  init(
    heads: RequestHeads, products: Int, units: Int, demand: Double, slots: Int, seed: UInt64
  ) {
    reserve = heads.reserve()
    restock = heads.request(
      "POST", [.text("\(RequestHeads.inventory)/adjust")],
      body: BytePattern([
        .text("{\"product_id\":"), .digits(RequestHeads.productWidth),
        .text(
          ",\"location\":\"\(BenchStage.location)\",\"quantity\":\(units),\"reason\":\"wave\"}"),
      ]))
    self.units = units
    self.products = products
    buyers = max(1, Int(Double(units * products) * demand))
    waiting = buyers
    stocked = products
    random = BenchRandom(seed: seed)
    books = BenchBooks(products: products)
    asked = Array(repeating: 0, count: slots)
  }

  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int? {
    if waiting == 0 {
      waiting = buyers
      stocked = 0
    }
    let product: Int
    let isReserve = stocked == products
    if isReserve {
      waiting -= 1
      product = random.below(products)
    } else {
      product = stocked
      stocked += 1
    }
    asked[slot] = Int32(truncatingIfNeeded: product)
    let start = bytes.count
    let pattern = isReserve ? reserve : restock
    bytes.append(pattern.bytes)
    bytes.put(
      BenchStage.firstProduct + product, width: RequestHeads.productWidth,
      at: start + pattern.places[0])
    return isReserve ? 0 : 1
  }

  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement {
    let product = Int(asked[slot])
    if kind == 0 {
      books.add(product: product, reserved: 1, end)
    } else {
      books.add(product: product, reserved: 0, quantity: Int64(units), end)
    }
    return Settlement(operations: .whole(1, end), kind: kind)
  }
}
