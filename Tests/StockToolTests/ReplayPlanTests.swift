import StockTools
import Testing

@Suite("Planning a replay")
struct ReplayPlanTests {
  static let header = "invoice_no,invoiced_at,stock_code,quantity,customer_id,country,description\n"

  /// - Parameter texts: files without their headers; a line is "invoice,,sku,quantity,,,description".
  static func planner(_ texts: [String]) throws -> ReplayPlanner {
    var planner = ReplayPlanner()
    for (index, text) in texts.enumerated() {
      var reader = CSVReader(text: header + text)
      try planner.read(&reader, file: "\(index).csv")
    }
    return planner
  }

  static func plan(_ texts: String...) throws -> ReplayPlan { try planner(texts).finish() }

  /// "reserve A 2, B 1; adjust C +3": what is done for an invoice, services being those by name.
  static func steps(_ plan: ReplayPlan, _ invoice: ReplayPlan.Invoice) -> String {
    let steps = plan.steps(of: invoice) { plan.skus[Int($0)].isService }
    let text = { (lines: [ReplayPlan.Line]) in
      lines.map { "\(plan.skus[Int($0.sku)].name) \($0.quantity)" }.joined(separator: ", ")
    }
    var parts: [String] = []
    if !steps.reserved.isEmpty { parts.append("reserve " + text(steps.reserved)) }
    if !steps.adjusted.isEmpty { parts.append("adjust " + text(steps.adjusted)) }
    if steps.withoutStock > 0 { parts.append("without stock \(steps.withoutStock)") }
    return "\(invoice.number): " + parts.joined(separator: "; ")
  }

  @Test("invoices come in the order of their first lines, over all files")
  func grouping() throws {
    let plan = try Self.plan(
      """
      1,,A1,6,,,Apple
      2,,B1,1,,,
      1,,B1,2,,,Banana
      """, "2,,A1,3,,,Other name\n3,,A1,1,,,\n")
    #expect(
      plan.invoices.map { Self.steps(plan, $0) } == [
        "1: reserve A1 6, B1 2", "2: reserve B1 1, A1 3", "3: reserve A1 1",
      ])
    #expect(plan.skus.map(\.title) == ["Apple", "Banana"])
  }

  @Test("SKUs and invoices are their bytes: an accent in one letter or behind it makes two")
  func exactTexts() throws {
    let (one, two) = ("\u{e9}", "e\u{301}")
    let plan = try Self.plan("\(one),,\(one),1,,,\n\(two),,\(two),2,,,\n\(one),,\(one),3,,,\n")
    #expect(plan.invoices.map { plan.lines[$0.lines].map(\.quantity) } == [[1, 3], [2]])
    #expect(plan.skus.map { $0.name.utf8.count } == [2, 3])
  }

  @Test("the same SKU twice in an invoice stays two lines")
  func twice() throws {
    let plan = try Self.plan("1,,A1,6,,,\n1,,A1,2,,,\n")
    #expect(plan.invoices.map { Self.steps(plan, $0) } == ["1: reserve A1 6, A1 2"])
  }

  @Test("a cancellation gives back, other negative quantities are written off")
  func negative() throws {
    let plan = try Self.plan(
      """
      C5,,A1,-6,,,
      C5,,POST,-1,,,
      6,,A1,-4,,,damaged
      7,,A1,2,,,
      7,,B1,-1,,,
      7,,M,-3,,,
      7,,M,3,,,
      """)
    #expect(
      plan.invoices.map { Self.steps(plan, $0) } == [
        "C5: adjust A1 6; without stock 1", "6: adjust A1 -4",
        "7: reserve A1 2, M 3; adjust B1 -1; without stock 1",
      ])
    #expect(plan.invoices.map(\.isCancellation) == [true, false, false])
  }

  @Test(
    "charges are told from goods by their codes",
    arguments: [
      ("POST", true), ("DOT", true), ("M", true), ("m", true), ("D", true),
      ("BANK CHARGES", true), ("AMAZONFEE", true), ("C2", true), ("85123A", false),
      ("22423", false), ("gift_0001_20", false), ("DCGS0003", false), ("15056BL", false),
      ("22", false), ("A1", false), ("C22", false),
    ])
  func services(sku: String, isService: Bool) {
    #expect(ReplayPlan.looksLikeService(sku) == isService)
  }

  @Test(
    "lines that are no order lines are left out and reported",
    arguments: [
      ("1,,A1,0,,,", "quantity \"0\" is not a whole number other than 0"),
      ("1,,A1,two,,,", "quantity \"two\" is not a whole number other than 0"),
      (
        "1,,A1,-9223372036854775808,,,",
        "quantity \"-9223372036854775808\" is not a whole number other than 0"
      ),
      (",,A1,2,,,", "no invoice_no"), ("1,, ,2,,,", "no stock_code"),
      ("1,,A1,2", "4 fields where the header has 7"),
      (
        "1,,A1,2,\(String(repeating: "7", count: 129)),,",
        "customer_id is longer than 128 bytes or has control characters"
      ),
      ("C1,,A1,2,,,", "a cancellation (invoice C1) with a positive quantity"),
    ])
  func bad(line: String, problem: String) throws {
    let planner = try Self.planner(["8,,B1,1,,,\n\(line)\n9,,B1,1,,,\n"])
    #expect(planner.badLineCount == 1)
    #expect(planner.problems.map(\.problems.report) == [["  line 3: \(problem)"]])
    let plan = try planner.finish()
    #expect(plan.invoices.map(\.number) == ["8", "9"])
    #expect(plan.skus.map(\.name) == ["B1"])
  }

  @Test(
    "what becomes of an invoice depends on its number alone, and the shares come out about right")
  func fates() throws {
    let plan = try Self.plan((1...2_000).map { "\(536_364 + $0),,A1,1,,,\n" }.joined())
    var counts: [ReplayPlan.Fate: Int] = [:]
    for invoice in plan.invoices {
      let fate = invoice.fate(releaseShare: 20, expireShare: 10)
      counts[fate, default: 0] += 1
      #expect(invoice.fate(releaseShare: 0, expireShare: 0) == .fulfilled)
      #expect(invoice.fate(releaseShare: 0, expireShare: 100) == .expired)
      // A larger share takes others besides, not instead.
      if fate == .released {
        #expect(invoice.fate(releaseShare: 30, expireShare: 0) == .released)
      }
    }
    #expect((300...500).contains(counts[.released] ?? 0))
    #expect((130...270).contains(counts[.expired] ?? 0))
  }

  @Test("an invoice's customer is the first that its lines name")
  func customers() throws {
    let plan = try Self.plan("1,,A1,1,,,\n1,,A1,1,17850,,\n1,,A1,1,13047,,\n2,,A1,1,,,\n")
    #expect(plan.invoices.map(\.customer) == ["17850", ""])
  }

  @Test("an invoice of more lines than a reservation may have is refused, not cut in two")
  func tooLong() throws {
    let line = "1,,A1,1,,,\n"
    let fits = try Self.plan(String(repeating: line, count: 2_000))
    #expect(fits.invoices.map(\.lines.count) == [2_000])
    let planner = try Self.planner([String(repeating: line, count: 2_001)])
    #expect(throws: ToolError.self) { try planner.finish() }
  }
}
