import NIOCore
import StockTestKit
import Testing

@testable import StockHTTP

/// A plain request is read in place, any other by NIO's decoder: nobody may be able to tell.
@Suite struct ScannerTests {
  static let requests = [
    "POST /api/v1/store/inventory/reserve HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
      + "Content-Type: application/json\r\nContent-Length: 45\r\n\r\n"
      + #"{"product_id":1,"location":"A","quantity":1 }"#,
    "GET /api/v1/store/inventory/7 HTTP/1.1\r\nHost: a\r\nauthorization: bearer \(token)\r\n\r\n",
    "GET /api/v1/store/inventory/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n",
    "PUT /api/v1/store/inventory/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
      + "If-Match: \"3\"\r\nContent-Length: 14\r\n\r\n" + #"{"quantity":5}"#,
    "DELETE /api/v1/store/inventory/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX-Request-Id: abc\r\n\r\n",
    "POST /api/v1/store/reservations/r1/release HTTP/1.1\r\nHost: a\r\n"
      + "Authorization: Bearer \(token)\r\nIdempotency-Key: a-key.1\r\nContent-Length: 2\r\n\r\n{}",
    "DELETE /api/v1/store/inventory/7 HTTP/1.1\r\nHost: a\r\nIDEMPOTENCY-KEY:  k \r\n"
      + "Authorization: Bearer \(token)\r\nLast-Event-ID: 1.2\r\n\r\n",
    "GET /nowhere?x=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET /healthz HTTP/1.0\r\nConnection: close\r\n\r\n",
  ]
  static let token = "admin"

  @Test(arguments: 0..<16)
  func plainOrDecodedIsTheSame(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for round in 0..<400 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes += Array(Self.requests.randomElement(using: &random)!.utf8)
      }
      for _ in 0..<Int.random(in: 0...3, using: &random) { Self.damage(&bytes, &random) }
      let cuts = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        Int.random(in: 0...bytes.count, using: &random)
      }
      let scanned = try Self.answers(bytes, cuts.sorted(), scans: true)
      let decoded = try Self.answers(bytes, cuts.sorted(), scans: false)
      guard scanned != decoded else { continue }
      Issue.record(
        "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription) cut at \(cuts) gives\n\(scanned)\nbut decoded\n\(decoded)"
      )
      return
    }
  }

  private static func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    let pieces = [
      "\n", "\r", "\r\n", " ", "\t", ":", "\0", "\u{7F}", "é", ",", "0", "-", "+", "%20", "\"", "<",
      "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n",
      "Expect: 100-continue\r\n",
      "Idempotency-Key: k\r\n", "Idempotency-Key: a b\r\n", "Idempotency-Key:\r\n",
      "Last-Event-ID: 1\r\n", "Connection: close\r\n", "X y: z\r\n", " folded\r\n",
      "Upgrade: h2c\r\n",
    ]
    let at = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.remove(at: at)
    case 2: bytes.insert(contentsOf: Array(pieces.randomElement(using: &random)!.utf8), at: at)
    default:
      // At the beginning of a line, where a field may stand.
      let lines = bytes.indices.filter { $0 > 0 && bytes[$0 - 1] == 10 }
      let place = lines.randomElement(using: &random) ?? at
      bytes.insert(contentsOf: Array(pieces.randomElement(using: &random)!.utf8), at: place)
    }
    if bytes.isEmpty { bytes = [10] }
  }

  /// What comes back, without the ids that are different each time, and whether the connection ends.
  private static func answers(_ bytes: [UInt8], _ cuts: [Int], scans: Bool) throws -> String {
    let wire = try Wire(keys: true)
    wire.front.scansPlainRequests = scans
    var start = 0
    for cut in cuts + [bytes.count] {
      if cut > start, wire.isOpen { try wire.send(Array(bytes[start..<cut])) }
      start = cut
    }
    let text = try wire.written()
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    let kept = lines.filter { !$0.hasPrefix("X-Request-Id: ") || $0.count < 30 }
    return kept.joined(separator: "\n") + (wire.isOpen ? "" : "\nclosed")
  }
}
