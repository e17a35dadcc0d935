@testable import StockHTTP

/// The bytes of a connection, as far as they are plain requests, which are read in place. The first byte
/// chooses a cut.
///
/// Where a request ends does not depend on how much of the rest is there; it ends where a strict reader
/// of RFC 9112 says; and nothing that other readers see otherwise is plain.
enum HTTPFuzzer {
  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    guard let cut = input.first else { return nil }
    var rest = UnsafeBufferPointer(rebasing: input.dropFirst())
    while !rest.isEmpty {
      var scanner = RequestScanner()
      guard case .complete(let length) = scanner.scan(rest, authorize: { _ in nil }) else {
        return nil
      }
      guard length > 0, length <= rest.count else { return "a request of \(length) bytes" }
      let request = UnsafeBufferPointer(rebasing: rest[..<length])
      if let broken = alone(request, cut: Int(cut) * length / 256) { return broken }
      if let broken = strict(request, scanner) { return broken }
      rest = UnsafeBufferPointer(rebasing: rest[length...])
    }
    return nil
  }

  /// By itself it is complete, and a part of it is not.
  private static func alone(_ request: UnsafeBufferPointer<UInt8>, cut: Int) -> String? {
    var whole = RequestScanner()
    guard case .complete(request.count) = whole.scan(request, authorize: { _ in nil }) else {
      return "a request's end depends on what follows it"
    }
    var part = RequestScanner()
    let bytes = UnsafeBufferPointer(rebasing: request[..<cut])
    guard case .incomplete = part.scan(bytes, authorize: { _ in nil }) else {
      return "\(cut) bytes of a plain request of \(request.count) are not a part of one"
    }
    return nil
  }

  /// Lines end in CR LF, none is folded, the first empty one ends the header; there is no transfer
  /// coding, and one length at most, of digits.
  private static func strict(
    _ request: UnsafeBufferPointer<UInt8>, _ scanner: RequestScanner
  ) -> String? {
    guard scanner.bodyStart + scanner.bodyLength == request.count else { return "two lengths" }
    let head = request[..<scanner.bodyStart]
    var lines: [Slice<UnsafeBufferPointer<UInt8>>] = []
    var start = 0
    while start < head.count {
      guard let end = head[start...].firstIndex(of: 0x0A), end > start, head[end - 1] == 0x0D else {
        return "a line does not end in CR LF"
      }
      lines.append(head[start..<(end - 1)])
      start = end + 1
    }
    guard lines.popLast()?.isEmpty == true else { return "the header has no end" }
    guard lines.count >= 1, lines.allSatisfy({ !$0.isEmpty }) else {
      return "an empty line in front"
    }
    var lengths: [String] = []
    for line in lines.dropFirst() {
      let text = String(decoding: line, as: UTF8.self)
      guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
        return "no colon: \(text)"
      }
      let name = text[..<colon].lowercased()
      if name.isEmpty || name.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
        return "a name that is none: \(text)"
      }
      if name == "transfer-encoding" || name == "upgrade" { return "plain with \(name)" }
      if name == "content-length" {
        lengths.append(text[colon...].dropFirst().filter { $0 != " " && $0 != "\t" })
      }
      if line.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
        return "a control character in a field"
      }
    }
    guard lengths.count <= 1 else { return "two lengths" }
    if let length = lengths.first, Int(length) != scanner.bodyLength || length.hasPrefix("+") {
      return "a length of \(length), taken as \(scanner.bodyLength)"
    }
    return nil
  }
}
