import StockCore

/// What an engine knows beyond its shards: where each open order's hold has its home, and on which
/// shard each idempotency key was first used. A hint only: the shards decide.
struct SimulatedGateway {
  private struct OrderHome {
    var home: ShardID
    /// Requests under way for this order.
    var users = 0
    /// A hold of it may be open.
    var isHeld = false
  }

  private struct KeyID: Hashable {
    var high: UInt64
    var low: UInt64
  }

  /// A request whose key is asked for at another shard first.
  struct Checking {
    var command: Command
    var target: ShardID
  }

  private var orders: [OrderKey: OrderHome] = [:]
  private var keys: [KeyID: ShardID] = [:]
  var checking: [UInt64: Checking] = [:]
  /// Requests that use an order's home, by ticket.
  private var users: [UInt64: OrderKey] = [:]

  // MARK: Orders

  /// The shard where a hold of this order shall be made.
  mutating func home(of order: OrderKey, otherwise home: ShardID, ticket: UInt64) -> ShardID {
    var known = orders[order] ?? OrderHome(home: home)
    known.users += 1
    orders[order] = known
    users[ticket] = order
    return known.home
  }

  /// - Parameter isHeld: what a shard says: whether it has an open hold of the order.
  mutating func answered(_ ticket: UInt64, isHeld: (OrderKey, ShardID) -> Bool) {
    guard let order = users.removeValue(forKey: ticket), var known = orders[order] else { return }
    known.users -= 1
    known.isHeld = isHeld(order, known.home)
    orders[order] = known
    forget(order)
  }

  mutating func opened(_ order: OrderKey, home: ShardID) {
    var known = orders[order] ?? OrderHome(home: home)
    known.home = home
    known.isHeld = true
    orders[order] = known
  }

  mutating func closed(_ order: OrderKey, home: ShardID) {
    guard orders[order]?.home == home else { return }
    orders[order]?.isHeld = false
    forget(order)
  }

  /// The shard was loaded anew: what it said before of other holds than it has counts no more.
  mutating func forgetHolds(of home: ShardID, but isOpen: (OrderKey) -> Bool) {
    for (order, known) in orders where known.isHeld && known.home == home && !isOpen(order) {
      orders[order]?.isHeld = false
      forget(order)
    }
  }

  /// Orders that it has forgotten.
  private(set) var forgottenCount = 0

  private mutating func forget(_ order: OrderKey) {
    guard let known = orders[order], known.users == 0, !known.isHeld else { return }
    orders[order] = nil
    forgottenCount += 1
  }

  // MARK: Keys

  /// - Returns: the shard that must be asked whether the key was used there; nil: none.
  mutating func shardToAsk(_ key: IdempotencyKey, target: ShardID) -> ShardID? {
    let id = KeyID(high: key.high, low: key.low)
    if let known = keys[id] { return known == target ? nil : known }
    keys[id] = target
    return nil
  }

  mutating func used(_ key: IdempotencyKey, on shard: ShardID) {
    keys[KeyID(high: key.high, low: key.low)] = shard
  }
}
