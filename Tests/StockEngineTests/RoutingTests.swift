import StockCore
import Testing

@testable import StockEngine

@Suite("Where orders and keys have their home")
struct RoutingTests {
  private let order = OrderKey(store: 1, order: "A-1")

  @Test func anOrderStaysAtOneHomeWhileSomebodyNeedsIt() {
    let homes = OrderHomes()
    #expect(homes.begin(order, preferred: 3) == 3)
    #expect(homes.begin(order, preferred: 5) == 3, "the first request is still under way")
    homes.note(order, at: 3, isHeld: true)
    homes.end(order)
    homes.end(order)
    #expect(homes.begin(order, preferred: 5) == 3, "the hold is open")

    // It ends while this request is under way.
    homes.note(order, at: 3, isHeld: false)
    #expect(homes.begin(order, preferred: 5) == 3)
    homes.end(order)
    homes.end(order)
    #expect(homes.count == 0)
    #expect(homes.begin(order, preferred: 5) == 5)
  }

  @Test func ordersOfTwoStoresAreTwoOrders() {
    let homes = OrderHomes()
    #expect(homes.begin(order, preferred: 3) == 3)
    #expect(homes.begin(OrderKey(store: 2, order: "A-1"), preferred: 5) == 5)
    #expect(homes.count == 2)
  }

  @Test func onlyTheHomeHasASay() {
    let homes = OrderHomes()
    homes.note(order, at: 3, isHeld: true)
    homes.note(order, at: 4, isHeld: false)
    #expect(homes.begin(order, preferred: 5) == 3)
  }

  @Test func aShardThatIsLoadedAnewSaysAllAgain() {
    let homes = OrderHomes()
    let other = OrderKey(store: 1, order: "B")
    let used = OrderKey(store: 1, order: "C")
    let kept = OrderKey(store: 1, order: "D")
    homes.note(order, at: 3, isHeld: true)
    homes.note(kept, at: 3, isHeld: true)
    homes.note(other, at: 4, isHeld: true)
    homes.note(used, at: 3, isHeld: true)
    _ = homes.begin(used, preferred: 0)
    homes.forgetHolds(of: 3) { $0 == kept }
    #expect(homes.begin(kept, preferred: 0) == 3, "its hold is still there")
    #expect(homes.begin(order, preferred: 0) == 0)
    #expect(homes.begin(other, preferred: 0) == 4)
    #expect(homes.begin(used, preferred: 0) == 3, "a request is on its way there")
    homes.end(used)
    homes.end(used)
    #expect(homes.begin(used, preferred: 1) == 1)
  }

  private func key(_ number: UInt64) -> IdempotencyKey {
    IdempotencyKey(
      high: ShardMap.mix(number), low: ShardMap.mix(number &+ 1 << 32), fingerprint: 7)
  }

  @Test func aKeyIsAskedForWhereItWasFirstUsed() {
    let homes = KeyHomes(age: 6_000)
    for number in UInt64(0)..<20_000 {
      #expect(homes.claim(key(number), for: Int(number % 4_096), now: 50_000) == nil)
    }
    for number in UInt64(0)..<20_000 {
      let shard = Int(number % 4_096)
      #expect(homes.claim(key(number), for: shard, now: 50_000) == nil)
      #expect(homes.claim(key(number), for: (shard + 1) % 4_096, now: 50_000) == shard)
    }
    homes.move(key(5), to: 9, now: 50_000)
    #expect(homes.claim(key(5), for: 5, now: 50_000) == 9)
    #expect(homes.count == 20_000)
  }

  @Test func keysWhoseTimeIsOverMakeRoomForNewOnes() {
    let homes = KeyHomes(age: 6_000)
    var now: Timestamp = 0
    for number in UInt64(0)..<400_000 {
      // 2,000 keys an era.
      if number.isMultiple(of: 2_000) { now += 1_000 }
      _ = homes.claim(key(number), for: 1, now: now)
      // Nothing of the last age is forgotten.
      if number > 12_000, number.isMultiple(of: 997) {
        #expect(homes.claim(key(number - 12_000), for: 2, now: now) == 1)
      }
    }
    #expect(homes.count < 64 * 1_024, "\(homes.count)")
  }

  @Test func recoveredKeysOfAllBucketsAreKnown() {
    let homes = KeyHomes(age: 6_000)
    // Another shard has loaded the youngest bucket before.
    for bucket in [57, 51, 54, 52, 58, 56, 53, 55] {
      for number in 0..<2_000 {
        homes.load(
          key(UInt64(bucket * 10_000 + number)), shard: bucket, bucket: Int64(bucket), now: 57_500)
      }
    }
    for bucket in 51...58 {
      for number in 0..<2_000 {
        let home = homes.claim(key(UInt64(bucket * 10_000 + number)), for: 0, now: 57_500)
        #expect(home == bucket)
      }
    }
  }
}
