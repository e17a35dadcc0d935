/// The same bytes again and again, for any HTTP server: no set-up and no books.
struct ConstantWorkload: Workload {
  let kinds = [RequestKind("request")]
  let books = BenchBooks(products: 0)
  private let request: [UInt8]

  init(_ request: [UInt8]) { self.request = request }

  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int? {
    bytes.append(request)
    return 0
  }

  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement {
    Settlement(operations: .whole(1, end), kind: kind)
  }
}
