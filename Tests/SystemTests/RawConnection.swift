import Foundation

/// A connection that tells how it ended: an answer, an orderly close, or a reset. Blocks its thread.
final class RawConnection {
  enum Ending: Equatable {
    /// `closes`: the answer said "Connection: close".
    case answer(status: Int, closes: Bool)
    /// The engine closed, in order, without an answer.
    case closed
    case reset
  }

  private let handle: Int32

  /// nil: nobody listens, or not any more.
  init?(port: Int) {
    handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard handle >= 0 else { return nil }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(handle)
      return nil
    }
  }

  deinit { close(handle) }

  func ask(_ request: String) -> Ending {
    let bytes = Array(request.utf8)
    guard send(handle, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      return .reset
    }
    var text = ""
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = recv(handle, &chunk, chunk.count, 0)
      if count == 0 { return .closed }
      if count < 0 {
        if errno == EINTR { continue }
        return .reset
      }
      text += String(decoding: chunk[..<count], as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let head = text[..<end.lowerBound]
      let length =
        head.components(separatedBy: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        .flatMap { Int($0.dropFirst("Content-Length: ".count)) } ?? 0
      guard text[end.upperBound...].utf8.count >= length else { continue }
      let status = Int(head.split(separator: " ")[1]) ?? 0
      return .answer(status: status, closes: head.contains("Connection: close"))
    }
  }

  /// A reserve of one unit.
  static func reserve(_ product: Int64, key: String) -> String {
    let body = #"{"product_id":\#(product),"location":"MAIN","quantity":1}"#
    return "POST /api/v1/store/inventory/reserve HTTP/1.1\r\nHost: stock\r\n"
      + "Authorization: Bearer \(key)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
