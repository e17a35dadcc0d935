import Foundation
import Testing

@testable import StockTools

@Suite("Schedules and draws")
struct DrawingTests {
  @Test("even arrivals are where they should be, also after a long time")
  func even() {
    // A pause of 33.3 µs: rounded each time, it would be 1 % off after a second.
    var arrivals = Arrivals(rate: 30_000, spacing: .even, start: 1_000, seed: 1)
    #expect(arrivals.due == 1_000)
    for _ in 0..<3_000_000 { arrivals.advance() }
    let off = Int64(arrivals.due) - 100_000_001_000
    #expect(abs(off) < 100, "off by \(off) ns after 100 s")
  }

  @Test("random arrivals have the rate, the spread, and the seed's order")
  func poisson() {
    func pauses(_ seed: UInt64) -> [Double] {
      var arrivals = Arrivals(rate: 1_000, spacing: .poisson, start: 0, seed: seed)
      return (0..<100_000).map { _ in
        let last = arrivals.due
        arrivals.advance()
        return Double(arrivals.due - last)
      }
    }
    let pauses = (pauses(1), pauses(1), pauses(2))
    #expect(pauses.0 == pauses.1)
    #expect(pauses.0 != pauses.2)
    let mean = pauses.0.reduce(0, +) / 100_000
    #expect(abs(mean / 1_000_000 - 1) < 0.02)
    // Of exponential pauses 1 - 1/e are shorter than their mean; of even ones none or all.
    let short = Double(pauses.0.count { $0 < 1_000_000 }) / 100_000
    #expect(abs(short - 0.632) < 0.01)
  }

  @Test("what was due before is left out")
  func skip() {
    var arrivals = Arrivals(rate: 1_000, spacing: .even, start: 0, seed: 1)
    arrivals.skip(to: 5_500_000)
    #expect(arrivals.due == 6_000_000)
    arrivals.skip(to: 6_000_000)
    #expect(arrivals.due == 6_000_000)
  }

  @Test("zipf draws each place as often as it should", arguments: [0.0, 0.8, 1.0, 1.5])
  func zipf(exponent: Double) {
    let places = 1_000
    let draws = 1_000_000
    let table = ZipfTable(count: places, exponent: exponent)
    var random = BenchRandom(seed: 7)
    var counts = [Int](repeating: 0, count: places)
    for _ in 0..<draws { counts[table.next(&random)] += 1 }
    let weights = (1...places).map { pow(Double($0), -exponent) }
    let sum = weights.reduce(0, +)
    // Pearson's statistic over groups that expect at least 1,000 draws each.
    var statistic = 0.0
    var groups = 0
    var seen = 0
    var expected = 0.0
    for place in 0..<places {
      seen += counts[place]
      expected += weights[place] / sum * Double(draws)
      guard expected >= 1_000 || place == places - 1 else { continue }
      statistic += (Double(seen) - expected) * (Double(seen) - expected) / expected
      groups += 1
      seen = 0
      expected = 0
    }
    // Six standard deviations: the seed is fixed, so it holds or it does not.
    let freedom = Double(groups - 1)
    #expect(statistic < freedom + 6 * (2 * freedom).squareRoot(), "\(statistic) for \(groups)")
  }

  @Test("a table of one place draws that")
  func onePlace() {
    let table = ZipfTable(count: 1, exponent: 1)
    var random = BenchRandom(seed: 1)
    for _ in 0..<100 { #expect(table.next(&random) == 0) }
  }

  @Test("uniform draws reach every product, and no other")
  func uniform() {
    var random = BenchRandom(seed: 3)
    var seen = Set<Int>()
    for _ in 0..<1_000 { seen.insert(ProductPicker.uniform(20).next(&random)) }
    #expect(seen == Set(0..<20))
    #expect(ProductPicker.one.next(&random) == 0)
  }
}
