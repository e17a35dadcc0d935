import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockEngine

/// What each key has left, over all loops.
///
/// A bucket of each key holds `burst` requests and is filled with `rate` a second. It is kept as the one
/// time at which it will be full again (the generic cell rate algorithm, ITU-T I.371): a request puts
/// that time off by 1 / rate, and is refused where it would be more than burst / rate away.
final class RateLimiter: Sendable {
  /// What a request is told.
  struct Verdict: Equatable {
    var isTaken: Bool
    /// Requests a second.
    var quota: Int
    /// Requests that could come at once after this one.
    var left: Int
    /// Nanoseconds until one more could; 0 where it could at once.
    var wait: Int64
  }

  /// Keys that are remembered. Who is full again is forgotten first: that changes nothing.
  static let maxKeys = 16_384

  /// Of keys that have none of their own. nil: those ask as often as they like.
  let standard: RateLimit?
  /// By key, when its bucket is full again, in nanoseconds of the monotonic clock.
  private let fullAt = NIOLockedValueBox<[ActorID: Int64]>([:])

  init(standard: RateLimit?) { self.standard = standard }

  /// - Parameter limit: that of this key, the same each time: what is left is counted in its shares.
  func take(_ key: ActorID, within limit: RateLimit, at time: NIODeadline) -> Verdict {
    let now = Int64(clamping: time.uptimeNanoseconds)
    // One request's share of time.
    let share = Int64(1_000_000_000 / limit.rate)
    let depth = share * Int64(limit.burst)
    return fullAt.withLockedValue { fullAt in
      if fullAt.count >= Self.maxKeys, fullAt[key] == nil {
        fullAt = fullAt.filter { $0.value > now }
      }
      let full = max(fullAt[key] ?? 0, now)
      let excess = full + share - (now + depth)
      guard excess <= 0 else {
        return Verdict(isTaken: false, quota: limit.rate, left: 0, wait: excess)
      }
      if fullAt.count < Self.maxKeys || fullAt[key] != nil { fullAt[key] = full + share }
      let left = Int(-excess / share)
      return Verdict(
        isTaken: true, quota: limit.rate, left: left, wait: left > 0 ? 0 : max(0, excess + share))
    }
  }
}
