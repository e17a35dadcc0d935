import NIOConcurrencyHelpers
import NIOCore

/// Counts the open connections of each client address, so that one of them cannot have them all.
/// Asked once for each connection, not for each request.
package final class AddressLimit: Sendable {
  private let limit: Int
  private let counts = NIOLockedValueBox<[String: Int]>([:])

  package init(_ limit: Int) { self.limit = limit }

  /// - Parameter address: in numbers. An empty one (of a client on this machine that came by a socket
  ///   without address) is not limited.
  package func tryAdd(_ address: String) -> Bool {
    guard let holder = Self.holder(of: address) else { return true }
    return counts.withLockedValue { counts in
      let count = counts[holder, default: 0]
      guard count < limit else { return false }
      counts[holder] = count + 1
      return true
    }
  }

  package func remove(_ address: String) {
    guard let holder = Self.holder(of: address) else { return }
    counts.withLockedValue { counts in
      guard let count = counts[holder] else { return }
      counts[holder] = count > 1 ? count - 1 : nil
    }
  }

  /// Of an IPv6 address the first 64 bits: who has one has all that begin so (RFC 4291, section 2.5.4).
  /// An IPv4 address that came to a socket of both kinds (section 2.5.5.2) is what it was.
  static func holder(of address: String) -> String? {
    guard !address.isEmpty else { return nil }
    let mapped = "::ffff:"
    if address.hasPrefix(mapped), address.contains(".") {
      return String(address.dropFirst(mapped.count))
    }
    guard address.contains(":"), let parsed = try? SocketAddress(ipAddress: address, port: 0)
    else { return address }
    return parsed.withSockAddr { socket, length in
      // In a sockaddr_in6 the address stands behind family, port and flow label.
      UnsafeRawBufferPointer(start: socket, count: length)[8..<16]
        .map { String($0, radix: 16) }.joined(separator: ":")
    }
  }
}
