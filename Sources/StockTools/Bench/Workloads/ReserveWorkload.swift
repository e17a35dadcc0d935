import Synchronization

/// Single units of single products: `hot`, `spread`, `zipf`, `mixed-admin`.
struct ReserveWorkload: Workload {
  static let besideLists = RequestKind("reserve_beside_lists")

  let kinds: [RequestKind]
  private(set) var books: BenchBooks
  private let pattern: BytePattern
  private let place: Int
  private let picker: ProductPicker
  private var random: BenchRandom
  /// The product of each slot's request.
  private var products: [Int32]
  /// Whether lists run beside the reserves; nil: none ever do.
  private let lists: ListsSwitch?

  init(
    heads: RequestHeads, picker: ProductPicker, products count: Int, slots: Int, seed: UInt64,
    lists: ListsSwitch? = nil
  ) {
    pattern = heads.reserve()
    place = pattern.places[0]
    self.picker = picker
    random = BenchRandom(seed: seed)
    books = BenchBooks(products: count)
    products = Array(repeating: 0, count: slots)
    self.lists = lists
    kinds = [RequestKind("reserve")] + (lists == nil ? [] : [Self.besideLists])
  }

  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int? {
    let product = picker.next(&random)
    products[slot] = Int32(truncatingIfNeeded: product)
    let start = bytes.count
    bytes.append(pattern.bytes)
    bytes.put(
      BenchStage.firstProduct + product, width: RequestHeads.productWidth, at: start + place)
    return kindNow
  }

  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement {
    books.add(product: Int(products[slot]), reserved: 1, end)
    // What was alone when it was sent, and is not when it ends, was not alone.
    return Settlement(operations: .whole(1, end), kind: max(kind, kindNow))
  }

  private var kindNow: Int {
    guard let lists else { return 0 }
    return lists.isOn ? 1 : 0
  }
}

/// Says to the threads of the load whether lists are running.
final class ListsSwitch: Sendable {
  private let state = Atomic(false)

  var isOn: Bool {
    get { state.load(ordering: .relaxed) }
    set { state.store(newValue, ordering: .relaxed) }
  }
}
