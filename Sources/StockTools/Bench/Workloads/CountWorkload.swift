/// Reads the counters of products, each once.
struct CountWorkload: Workload {
  let kinds = [RequestKind("count")]
  let books = BenchBooks(products: 0)
  /// By the place in `products`; nil: the engine did not say.
  private(set) var found: [Administration.Counters?]
  private let products: [Int]
  private let pattern: BytePattern
  private var nextPlace = 0
  /// The place that each slot's request is about.
  private var asked: [Int]

  init(heads: RequestHeads, products: [Int], slots: Int) {
    self.products = products
    pattern = heads.request(
      "GET", [.text("\(RequestHeads.inventory)/product/"), .digits(RequestHeads.productWidth)])
    found = Array(repeating: nil, count: products.count)
    asked = Array(repeating: 0, count: slots)
  }

  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int? {
    guard nextPlace < products.count else { return nil }
    asked[slot] = nextPlace
    let start = bytes.count
    bytes.append(pattern.bytes)
    bytes.put(
      BenchStage.firstProduct + products[nextPlace], width: RequestHeads.productWidth,
      at: start + pattern.places[0])
    nextPlace += 1
    return 0
  }

  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement {
    if end == .accepted, let quantity = Self.number(in: body, behind: "\"total_quantity\":"),
      let reserved = Self.number(in: body, behind: "\"total_reserved\":")
    {
      found[asked[slot]] = Administration.Counters(quantity: quantity, reserved: reserved)
    }
    return Settlement(operations: .whole(1, end), kind: kind)
  }

  static func number(
    in body: UnsafeBufferPointer<UInt8>, behind name: StaticString
  ) -> Int64? {
    guard let start = CodeTally.text(body, behind: name, from: 0) else { return nil }
    let text = body[start...].prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    return Int64(String(decoding: text, as: UTF8.self))
  }
}
