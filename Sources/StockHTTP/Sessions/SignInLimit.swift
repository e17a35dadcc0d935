import NIOConcurrencyHelpers
import StockCore

/// Bounds how often an address may fail to sign in. A key cannot be guessed, but trying should not be
/// for nothing either.
final class SignInLimit: Sendable {
  /// Failures that an address has to begin with, and after how long it has one more, in milliseconds.
  static let burst = 10
  static let refill: Int64 = 6_000
  /// Addresses that are remembered. One more lets the one go that failed longest ago.
  static let maxAddresses = 4_096

  private struct Failures {
    var count: Int
    var since: Timestamp
  }

  private let byAddress = NIOLockedValueBox<[String: Failures]>([:])

  /// Whether an address may try.
  func mayTry(_ client: String, now: Timestamp) -> Bool {
    let address = AddressLimit.holder(of: client) ?? ""
    return byAddress.withLockedValue { failures in
      guard let known = failures[address] else { return true }
      return known.count - Self.forgiven(known, now) < Self.burst
    }
  }

  func failed(_ client: String, now: Timestamp) {
    let address = AddressLimit.holder(of: client) ?? ""
    byAddress.withLockedValue { failures in
      var known = failures[address] ?? Failures(count: 0, since: now)
      let forgiven = Self.forgiven(known, now)
      known.count = max(0, known.count - forgiven) + 1
      known.since = known.count == 1 ? now : known.since + Int64(forgiven) * Self.refill
      if failures.count >= Self.maxAddresses, failures[address] == nil,
        let oldest = failures.min(by: { $0.value.since < $1.value.since })
      {
        failures[oldest.key] = nil
      }
      failures[address] = known
    }
  }

  private static func forgiven(_ failures: Failures, _ now: Timestamp) -> Int {
    Int(max(0, now - failures.since) / refill)
  }
}
