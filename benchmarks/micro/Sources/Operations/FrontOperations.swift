import StockCore
@_spi(Benchmarks) import StockHTTP

extension MicroOperations {
  /// From bytes to a command, and from an outcome to bytes.
  static let front: [NamedOperation] = [
    .init("request/find its end and its fields") { _ in Scan() },
    .init("request/JSON body of a reserve") { _ in ReadReserve() },
    .init("request/route") { _ in Route() },
    .init("answer/head and JSON of an entry") { _ in WriteAnswer() },
    .init("whole/front alone, bytes to bytes") { _ in WholeFront(StandIn()) },
    .init("whole/front, shard, encode, reply, in ticks of 125") { scale in
      WholeFront(Shortcut(scale, products: 1))
    },
    .init("whole/the same over 1,000 products") { scale in
      WholeFront(Shortcut(scale, products: 1_000), products: 1_000)
    },
    .init("whole/the same, one product, each with a key of its own") { scale in
      WholeFront(Shortcut(scale, products: 1), isKeyed: true)
    },
    .init("batch/a line, front alone") { _ in WholeBatch(StandIn()) },
    .init("batch/a line, front, shard, encode") { scale in
      WholeBatch(Shortcut(scale, products: 1))
    },
  ]
}

/// A request as wrk and many clients send it.
enum SampleRequest {
  static let token = "sk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
  static let path = "/api/v1/store/inventory/reserve"

  static func body(_ product: ProductID) -> String {
    #"{"product_id":\#(product),"location":"MAIN","quantity":1}"#
  }

  static func text(_ product: ProductID, key: String? = nil) -> String {
    text(path, body(product), key: key)
  }

  /// A key of zeros.
  static let noKey = String(repeating: "0", count: keyDigits)
  static let keyDigits = 20

  /// Where the key begins in a request with one.
  static var keyStart: Int {
    let text = text(1, key: noKey)
    guard let key = text.firstRange(of: noKey) else { preconditionFailure("a request with a key") }
    return text[..<key.lowerBound].utf8.count
  }

  /// A batch of reserves of one product.
  static func batch(_ product: ProductID, lines: Int) -> String {
    let line = #"{"op":"reserve","product_id":\#(product),"location":"MAIN","quantity":1}"#
    let lines = Array(repeating: line, count: lines).joined(separator: ",")
    return text("/api/v1/store/inventory/batch", "{\"operations\":[\(lines)]}")
  }

  private static func text(_ path: String, _ body: String, key: String? = nil) -> String {
    "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
      + "Authorization: Bearer \(token)\r\nContent-Length: \(body.utf8.count)\r\n"
      + (key.map { "Idempotency-Key: \($0)\r\n" } ?? "") + "\r\n" + body
  }
}

private final class Scan: MicroOperation {
  private let request = Array(SampleRequest.text(123).utf8)

  func measured() {
    request.withUnsafeBufferPointer { request in
      for _ in 0..<MicroOperations.perRound {
        expect(FrontProbe.scan(request) == request.count, "a plain request")
      }
    }
  }
}

private final class ReadReserve: MicroOperation {
  private let body = Array(SampleRequest.body(123).utf8)

  func measured() {
    body.withUnsafeBufferPointer { body in
      for _ in 0..<MicroOperations.perRound {
        expect(FrontProbe.readReserve(body) == 123, "a reserve")
      }
    }
  }
}

private final class Route: MicroOperation {
  private let path = Array(SampleRequest.path.utf8)

  func measured() {
    path.withUnsafeBufferPointer { path in
      for _ in 0..<MicroOperations.perRound {
        expect(FrontProbe.matchRoute(path), "a path of ours")
      }
    }
  }
}

private final class WriteAnswer: MicroOperation {
  private var probe = AnswerProbe()
  private var entry = EntrySnapshot(
    id: 41, product: 123, store: 1, location: "MAIN",
    value: EntryValue(
      quantity: 1_000_000_000, reserved: 123_456, version: 123_457,
      createdAt: 1_795_411_800_123, updatedAt: 1_795_411_860_004, gtin: .none, location: 0))

  func measured() {
    var bytes = 0
    for number in 0..<MicroOperations.perRound {
      // As under load: each answer has another time, most in the same second.
      entry.value.updatedAt += 1
      entry.value.version += 1
      bytes &+= probe.write(entry, number: UInt64(number))
    }
    expect(bytes > 300 * MicroOperations.perRound, "whole answers")
  }
}
