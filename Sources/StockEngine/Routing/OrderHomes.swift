import NIOConcurrencyHelpers
import StockCore

/// Which shard decides about an order: the home of its open hold, and of the requests for it that are
/// under way. So two requests for one order always meet at one shard, which alone says what becomes of
/// them: "at most one hold of an order is open" needs no more than that.
///
/// One for all loops. An entry is there as long as somebody needs it:
///
/// - a request is under way (`users`): from before it is sent until its answer is back, so the home
///   stays the same although the hold that it came from may end meanwhile;
/// - the home shard says that a hold of the order is open (`isHeld`). It says so before it gives away
///   the answer, hence before the request that made the hold ceases to count.
///
/// There are no more entries than open holds and requests under way, which are bounded elsewhere.
final class OrderHomes: Sendable {
  private struct Entry {
    var home: Int32
    var users: Int32
    var isHeld: Bool
  }

  private static let stripeCount = 64

  /// By the order's hash, so that loops seldom wait for each other.
  private let stripes: [NIOLockedValueBox<[OrderKey: Entry]>]

  init() {
    stripes = (0..<Self.stripeCount).map { _ in NIOLockedValueBox([:]) }
  }

  /// A request for the order is about to be sent; to be followed by one `end`.
  ///
  /// - Parameter preferred: where it goes if the order has no home yet.
  /// - Returns: where it goes.
  func begin(_ order: OrderKey, preferred: ShardID) -> ShardID {
    stripe(of: order).withLockedValue { entries in
      var entry = entries[order] ?? Entry(home: Int32(preferred), users: 0, isHeld: false)
      entry.users += 1
      entries[order] = entry
      return ShardID(entry.home)
    }
  }

  /// The request's answer is there, or the request was not sent after all.
  func end(_ order: OrderKey) {
    stripe(of: order).withLockedValue { entries in
      guard var entry = entries[order] else { return }
      entry.users -= 1
      entries[order] = entry.users <= 0 && !entry.isHeld ? nil : entry
    }
  }

  /// What the shard `home` says: whether a hold of the order is open there. No other shard's word.
  func note(_ order: OrderKey, at home: ShardID, isHeld: Bool) {
    stripe(of: order).withLockedValue { entries in
      guard var entry = entries[order] else {
        if isHeld { entries[order] = Entry(home: Int32(home), users: 0, isHeld: true) }
        return
      }
      if ShardID(entry.home) != home {
        // Found when shards were loaded one after the other: the one that is held counts, unless
        // requests are on their way to the other.
        guard isHeld, !entry.isHeld, entry.users == 0 else { return }
        entry.home = Int32(home)
      }
      entry.isHeld = isHeld
      entries[order] = entry.users <= 0 && !isHeld ? nil : entry
    }
  }

  /// The shard was loaded anew: what it said before of other holds than it has counts no more.
  func forgetHolds(of home: ShardID, but isOpen: (OrderKey) -> Bool) {
    for stripe in stripes {
      stripe.withLockedValue { entries in
        for (order, entry) in entries
        where entry.isHeld && ShardID(entry.home) == home && !isOpen(order) {
          entries[order] =
            entry.users <= 0 ? nil : Entry(home: entry.home, users: entry.users, isHeld: false)
        }
      }
    }
  }

  /// Entries, for tests.
  var count: Int { stripes.reduce(0) { $0 + $1.withLockedValue { $0.count } } }

  private func stripe(of order: OrderKey) -> NIOLockedValueBox<[OrderKey: Entry]> {
    // Within this process only: nothing outlives it that rests on `Hasher`.
    stripes[Int(UInt(bitPattern: order.hashValue) % UInt(Self.stripeCount))]
  }
}
