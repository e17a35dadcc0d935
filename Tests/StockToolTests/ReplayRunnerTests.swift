import StockTools
import Testing

@Suite("Running a replay against an engine")
struct ReplayRunnerTests {
  static let orders = """
    1,,A1,6,,,Apple
    1,,A1,2,,,Apple
    1,,POST,1,,,Postage
    2,,B1,9,,,Banana
    2,,A1,1,,,Apple
    3,,B1,3,,,Banana
    C4,,A1,-4,,,Apple
    C4,,POST,-1,,,Postage
    5,,B1,-1,,,damaged
    6,,B1,-50,,,lost
    """

  /// One invoice at a time, so that faults meet the batch that they are meant for.
  static func run(
    _ engine: FakeEngine, opening: Int64? = 10, orders: String = orders,
    policy: RetryPolicy = RetryPolicy(firstPause: .milliseconds(1)),
    _ change: (inout ReplayRunner.Options) -> Void = { _ in }
  ) async throws -> ReplayReport {
    var options = ReplayRunner.Options(location: "MAIN", opening: opening, underWay: 1)
    change(&options)
    return try await ReplayRunner(RetryingExchange(engine, policy: policy), options: options)
      .run(ReplayPlanTests.plan(orders))
  }

  @Test("orders are fulfilled whole or not at all, and the books are right")
  func right() async throws {
    let engine = FakeEngine()
    let report = try await Self.run(engine, orders: Self.orders + "\n7,,B1,6,,,\n7,,A1,1,,,\n")
    var expected = ReplayReport.Counts()
    expected.invoicesFulfilled = 2
    expected.invoicesRefused = 2
    expected.cancellations = 1
    expected.invoicesWrittenOff = 2
    expected.reserves = 8
    expected.returns = 1
    expected.writeOffs = 2
    expected.linesWithoutStock = 1
    expected.refusedReserves = ["insufficient_stock": 2]
    expected.refusedWriteOffs = ["insufficient_stock": 1]
    #expect(report.counts == expected)
    #expect(report.booksAreRight)
    #expect(report.checked == 2)
    // 10 − 8 (invoice 1) − 1 (invoice 2) + 4 (C4); invoice 7 had nothing of it, for it lacked B1.
    #expect(engine.entry(1, "MAIN") == "5/0")
    // 10 − 9 (invoice 2) − 1 (invoice 5).
    #expect(engine.entry(3, "MAIN") == "0/0")
    // A charge: no counter.
    #expect(engine.entry(2, "MAIN") == "none")
    #expect(engine.withState { $0.products[2]?.type } == "service")
    #expect(engine.withState { $0.products[1]?.title } == "Apple")
  }

  @Test(
    "without an opening the stock that is there counts, and SKUs that are not there are refused")
  func existing() async throws {
    let engine = FakeEngine()
    _ = try await Self.run(engine, opening: 100)
    let report = try await Self.run(
      engine, opening: nil, orders: "8,,A1,5,,,\n9,,A1,1,,,\n9,,NEW1,1,,,\nC9,,NEW1,-1,,,\n")
    #expect(report.booksAreRight)
    #expect(report.counts.invoicesFulfilled == 1)
    #expect(report.counts.invoicesRefused == 1)
    #expect(report.counts.refusedReserves == ["product_not_found": 1])
    #expect(report.counts.refusedReturns == ["product_not_found": 1])
    #expect(report.checked == 1)
    #expect(engine.entry(1, "MAIN") == "90/0")
    #expect(engine.withState { $0.products.count } == 3)
  }

  @Test("customers, references and reasons go with the requests")
  func notes() async throws {
    let engine = FakeEngine()
    _ = try await Self.run(
      engine, orders: "1,,A1,6,,,\n1,,A1,1,17850,,\n2,,A1,1,,,\nC3,,A1,-2,17850,,\n4,,A1,-1,,,\n")
    #expect(
      engine.withState { $0.notes } == [
        "set opening stock -", "hold 1 17850 900", "hold 2 - 900", "adjust return C3",
        "adjust write-off 4",
      ])
  }

  @Test("a share is released, a share is left to expire, and nothing stays reserved")
  func shares() async throws {
    let orders = (1...100).map { "\($0),,A1,1,,,\n" }.joined()
    let engine = FakeEngine()
    // The reservations expire while the run waits for it.
    let time = Task {
      while !Task.isCancelled {
        try await Task.sleep(for: .milliseconds(300))
        engine.expireShort()
      }
    }
    defer { time.cancel() }
    let report = try await Self.run(engine, opening: 100, orders: orders) {
      $0.releaseShare = 30
      $0.expireShare = 20
      $0.expireAfter = 0
    }
    let counts = report.counts
    #expect(counts.invoicesFulfilled + counts.invoicesReleased + counts.invoicesExpired == 100)
    #expect((20...40).contains(counts.invoicesReleased))
    #expect((10...30).contains(counts.invoicesExpired))
    #expect(report.booksAreRight, "\(report.text)")
    #expect(engine.entry(1, "MAIN") == "\(100 - counts.invoicesFulfilled)/0")
    #expect(report.text.contains("\(counts.invoicesExpired) expired"))
  }

  @Test("a reservation that never expires is found out")
  func neverExpires() async throws {
    let report = try await Self.run(FakeEngine(), opening: 100) {
      $0.expireShare = 100
      $0.expireAfter = 0
      $0.expiryPatience = .zero
    }
    #expect(!report.booksAreRight)
    #expect(report.text.contains("reserved should be 0"))
  }

  // With an opening the first request sets the stock; invoice 1 is 2 (hold) and 3 (fulfill).

  @Test("an engine that loses a unit is found out")
  func lostUnit() async throws {
    let report = try await Self.run(FakeEngine(faults: [3: .losesAUnit]))
    #expect(!report.booksAreRight)
    #expect(report.differences.map(\.sku) == ["A1"])
    #expect(report.text.contains("books          WRONG for 1 of 2 SKUs"))
  }

  @Test(
    "whatever becomes of a request, it is sent again with its key and done once",
    arguments: [1, 2, 3, 4],
    [FakeEngine.Fault.lostBefore, .lostAfter, .storeUnavailable, .stillRunning])
  func again(request: Int, fault: FakeEngine.Fault) async throws {
    let engine = FakeEngine(faults: [request: fault])
    let report = try await Self.run(engine, orders: "1,,A1,6,,,\nC2,,A1,-1,,,\n")
    #expect(report.counts.invoicesFulfilled == 1)
    #expect(report.booksAreRight && report.excluded.isEmpty)
    #expect(engine.entry(1, "MAIN") == "5/0")
    #expect(engine.withState { $0.mutations } == 5)
  }

  @Test("a line that was turned away is sent again with the whole batch, under the same key")
  func lineAgain() async throws {
    let engine = FakeEngine(faults: [2: .lineOverloaded])
    let report = try await Self.run(engine, orders: "C1,,A1,-1,,,\nC1,,B1,-2,,,\n")
    #expect(report.booksAreRight)
    #expect(report.counts.returns == 2)
    #expect(engine.withState { $0.mutations } == 3)
  }

  @Test("what stays unknown has no verdict")
  func unknownReserve() async throws {
    for fault in [FakeEngine.Fault.lostBefore, .lostAfter] {
      let engine = FakeEngine(faults: [2: fault])
      let report = try await Self.run(engine, orders: "1,,A1,6,,,\n2,,B1,9,,,\n", policy: .never)
      #expect(report.counts.invoicesUnknown == 1)
      #expect(report.counts.invoicesFulfilled == 1)
      #expect(report.counts.unknownLines == 1)
      #expect(report.excluded == ["A1"])
      #expect(report.checked == 1)
      #expect(report.booksAreRight)
      #expect(report.text.contains("NOT CHECKED    1 SKUs"))
      #expect(engine.entry(1, "MAIN") == (fault == .lostAfter ? "10/6" : "10/0"))
      #expect(engine.withState { $0.mutations } == 4)
    }
  }

  @Test("setting the opening stock may be repeated, so a lost answer does no harm")
  func lostOpening() async throws {
    let engine = FakeEngine(faults: [1: .lostAfter])
    let report = try await Self.run(engine)
    #expect(report.booksAreRight && report.excluded.isEmpty)
  }
}

@Suite("Running an import against an engine")
struct ImportRunnerTests {
  static func run(_ engine: FakeEngine, _ text: String) async throws -> ImportReport {
    let exchange = RetryingExchange(engine, policy: RetryPolicy(firstPause: .milliseconds(1)))
    let catalogue = try await Administration(exchange).catalogue(store: 1)
    let plan = try ImportPlanTests.plan(text, catalogue: catalogue)
    return try await ImportRunner(exchange, store: 1, connections: 2, depth: 2).run(plan)
  }

  static let file = "sku,title,location,quantity,product_type\nA,a,M,5,\nA,a,W,6,\nS,s,,,service\n"

  @Test("a second import of the same file changes no product and sets the same")
  func twice() async throws {
    let engine = FakeEngine()
    let first = try await Self.run(engine, Self.file)
    #expect(first.productsMade == 2 && first.entriesSet == 2 && first.refused.total == 0)
    #expect(engine.withState { $0.stores } == [1])
    let second = try await Self.run(engine, Self.file)
    #expect(second.productsMade == 0 && second.productsUnchanged == 2 && second.entriesSet == 2)
    #expect(engine.entry(1, "M") == "5/0" && engine.entry(1, "W") == "6/0")
    #expect(engine.withState { $0.products.count } == 2)
  }

  @Test("what a stock file cannot say stays as it is: the product's policy")
  func policyStays() async throws {
    let engine = FakeEngine()
    let policies = [
      "{\"low_stock_threshold\":3,\"safety_stock\":5}",
      "{\"backorder_limit\":7,\"purchase_limit\":"
        + "{\"ends_at\":\"2026-12-01T00:00:00.000Z\",\"quantity\":2}}",
      "{}",
    ]
    engine.withState { state in
      state.stores = [1]
      for (index, policy) in policies.enumerated() {
        state.products[index + 1] = .init(
          store: 1, sku: "S\(index)", title: "Old", type: "physical", policy: policy)
      }
    }
    let report = try await Self.run(
      engine, "sku,title,location,quantity\nS0,New,M,1\nS1,New,M,1\nS2,New,M,1\n")
    #expect(report.productsChanged == 3 && report.refused.total == 0)
    let after = engine.withState { state in
      (1...3).map { "\(state.products[$0]?.title ?? "") \(state.products[$0]?.policy ?? "")" }
    }
    #expect(after == policies.map { "New \($0)" })
  }

  @Test("what differs only in how Unicode writes a letter are two products, the second time too")
  func exactTexts() async throws {
    let engine = FakeEngine()
    let file = "sku,title,location,quantity\n\u{e9},a,M,5\ne\u{301},a,M,6\n"
    let first = try await Self.run(engine, file)
    #expect(first.productsMade == 2 && first.entriesSet == 2 && first.refused.total == 0)
    #expect(engine.entry(1, "M") == "5/0" && engine.entry(2, "M") == "6/0")
    let second = try await Self.run(engine, file)
    #expect(second.productsUnchanged == 2 && second.entriesSet == 2)
  }

  @Test("what the engine refuses is told by code and line")
  func refused() async throws {
    let engine = FakeEngine()
    _ = try await Self.run(engine, Self.file)
    engine.withState { $0.entries["1 M"]?.reserved = 4 }
    let report = try await Self.run(
      engine, "sku,title,location,quantity\nA,a,M,3\nA,a,W,7\nREFUSED,r,M,1\nREFUSED,r,W,1\n")
    #expect(
      report.refused.causes == [
        "below_reserved": .init(count: 1, lines: [2]),
        "invalid_request": .init(count: 1, lines: [4]),
      ])
    #expect(report.entriesSet == 1 && report.entriesNotTried == 2 && report.productsMade == 0)
    #expect(engine.entry(1, "M") == "5/4" && engine.entry(1, "W") == "7/0")
  }

  @Test(
    "a set may be repeated, whatever became of it",
    arguments: [FakeEngine.Fault.lostBefore, .lostAfter, .storeUnavailable, .lineOverloaded])
  func faults(_ fault: FakeEngine.Fault) async throws {
    let engine = FakeEngine(faults: [1: fault])
    let report = try await Self.run(engine, Self.file)
    #expect(report.entriesSet == 2 && report.refused.total == 0)
    #expect(engine.entry(1, "W") == "6/0")
    #expect(engine.withState { $0.mutations } == 2)
  }
}
