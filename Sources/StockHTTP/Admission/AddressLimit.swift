import NIOConcurrencyHelpers

/// Counts the open connections of each client address, so that one of them cannot have them all.
/// Asked once for each connection, not for each request.
final class AddressLimit: Sendable {
  /// Bytes of an address: of an IPv6 address the first eight, since who has one has all that begin so.
  typealias Address = UInt64

  private let limit: Int
  private let counts = NIOLockedValueBox<[Address: Int]>([:])

  init(_ limit: Int) { self.limit = limit }

  func tryAdd(_ address: Address) -> Bool {
    counts.withLockedValue { counts in
      let count = counts[address, default: 0]
      guard count < limit else { return false }
      counts[address] = count + 1
      return true
    }
  }

  func remove(_ address: Address) {
    counts.withLockedValue { counts in
      guard let count = counts[address] else { return }
      counts[address] = count > 1 ? count - 1 : nil
    }
  }
}
