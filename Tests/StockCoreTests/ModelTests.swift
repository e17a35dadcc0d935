import StockTestKit
import Testing

/// The state machine says and does what the reference model says, whatever Redis does meanwhile.
@Suite("Reference model")
struct ModelTests {
  @Test("10,000 random commands end as the model says", arguments: 1...8)
  func agrees(seed: UInt64) throws {
    let run = ModelRun(seed: seed)
    try run.run(commands: 10_000)
    #expect(run.commits > 500)
    #expect(run.undone > 50)
  }

  @Test("the random commands meet every kind of outcome")
  func meetsEverything() throws {
    var outcomes: [String: Int] = [:]
    for seed in 101...112 as ClosedRange<UInt64> {
      let run = ModelRun(seed: seed)
      try run.run(commands: 2_000)
      outcomes.merge(run.outcomes, uniquingKeysWith: +)
    }
    for name in [
      "entry", "transferred", "deleted", "product", "productCreated", "summary", "productNotFound",
      "entryNotFound", "locationRequired", "versionConflict", "insufficientStock",
      "insufficientReserved", "belowReserved", "quantityTooLarge", "locationTaken", "entryInUse",
      "allocated", "holdCreated", "hold", "reservedTogether", "linesRefused", "lineNotFound",
      "holdNotFound", "holdClosed", "holdIDTaken", "replay", "idempotencyRunning",
      "idempotencyMismatch", "customerRequired", "purchaseLimit",
    ] {
      #expect(outcomes[name, default: 0] > 0, "\(name) never came")
    }
  }
}
