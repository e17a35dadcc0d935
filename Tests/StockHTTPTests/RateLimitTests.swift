import NIOCore
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

@Suite struct RateLimitTests {
  @Test("A burst goes through at once, then one at a time as the bucket fills")
  func bucket() {
    let limiter = RateLimiter(standard: nil)
    let limit = RateLimit(rate: 10, burst: 3)
    var now = NIODeadline.uptimeNanoseconds(1_000_000)
    #expect((0..<3).map { _ in limiter.take(1, within: limit, at: now).left } == [2, 1, 0])
    #expect(
      limiter.take(1, within: limit, at: now)
        == .init(isTaken: false, quota: 10, left: 0, wait: 100_000_000))
    now = now + .milliseconds(99)
    #expect(
      limiter.take(1, within: limit, at: now)
        == .init(isTaken: false, quota: 10, left: 0, wait: 1_000_000))
    now = now + .milliseconds(1)
    #expect(limiter.take(1, within: limit, at: now).isTaken)
    #expect(!limiter.take(1, within: limit, at: now).isTaken)
    // The last one tells when there is another.
    now = now + .milliseconds(100)
    #expect(limiter.take(1, within: limit, at: now).wait == 100_000_000)
    // Never more than the burst, however long nothing came.
    now = now + .hours(1)
    #expect((0..<5).filter { _ in limiter.take(1, within: limit, at: now).isTaken }.count == 3)
  }

  @Test("In the long run it is the rate, and refused requests cost nothing")
  func rate() {
    let limiter = RateLimiter(standard: nil)
    let limit = RateLimit(rate: 1_000, burst: 50)
    var taken = 0
    for millisecond in 0..<10_000 {
      for _ in 0..<5
      where limiter.take(7, within: limit, at: .uptimeNanoseconds(UInt64(millisecond) * 1_000_000))
        .isTaken
      {
        taken += 1
      }
    }
    #expect((10_000...10_050).contains(taken))
  }

  @Test("Each key has a bucket of its own")
  func keys() {
    let limiter = RateLimiter(standard: nil)
    let limit = RateLimit(rate: 1, burst: 1)
    #expect(limiter.take(1, within: limit, at: .uptimeNanoseconds(5)).isTaken)
    #expect(!limiter.take(1, within: limit, at: .uptimeNanoseconds(5)).isTaken)
    #expect(limiter.take(2, within: limit, at: .uptimeNanoseconds(5)).isTaken)
  }

  @Test("Keys beyond the bound push out those that are full again, and no others")
  func bound() {
    let limiter = RateLimiter(standard: nil)
    let limit = RateLimit(rate: 1, burst: 1)
    let start = NIODeadline.uptimeNanoseconds(0)
    let later = start + .milliseconds(1_500)
    let newcomer = ActorID(RateLimiter.maxKeys)
    for key in 0..<newcomer { #expect(limiter.take(key, within: limit, at: start).isTaken) }
    #expect(limiter.take(newcomer, within: limit, at: start).isTaken)
    #expect(!limiter.take(0, within: limit, at: start).isTaken)
    #expect(limiter.take(newcomer, within: limit, at: later).isTaken)
    #expect(!limiter.take(newcomer, within: limit, at: later).isTaken)
  }

  @Test("An address has so many connections, and no more")
  func addresses() {
    let limit = AddressLimit(2)
    #expect(limit.tryAdd("192.0.2.1"))
    #expect(limit.tryAdd("192.0.2.1"))
    #expect(!limit.tryAdd("192.0.2.1"))
    #expect(limit.tryAdd("192.0.2.2"))
    limit.remove("192.0.2.1")
    #expect(limit.tryAdd("192.0.2.1"))
    limit.remove("192.0.2.9")
    // All of a network of 64 bits are one.
    #expect(limit.tryAdd("2001:db8:1:2::1") && limit.tryAdd("2001:db8:1:2:ffff::2"))
    #expect(!limit.tryAdd("2001:db8:1:2::3"))
    #expect(limit.tryAdd("2001:db8:1:3::1"))
    for _ in 0..<5 { #expect(limit.tryAdd("")) }
    // Clients by IPv4 of a listener on `::` are as many as there are.
    #expect((1...5).allSatisfy { limit.tryAdd("::ffff:198.51.100.\($0)") })
    #expect(limit.tryAdd("198.51.100.1") && !limit.tryAdd("::ffff:198.51.100.1"))
  }
}
