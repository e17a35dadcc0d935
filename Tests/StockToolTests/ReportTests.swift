import StockTools
import Synchronization
import Testing

@Suite("Reports")
struct ReportTests {
  @Test(
    "thousands have separators",
    arguments: [
      (0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"),
      (Int.min, "-9,223,372,036,854,775,808"),
    ])
  func grouped(number: Int, text: String) {
    #expect(number.grouped == text)
  }

  @Test("latency percentiles")
  func latency() {
    let latency = Latency()
    #expect(latency.report == "none")
    for milliseconds in 1...1_000 { latency.record(.milliseconds(milliseconds)) }
    #expect(latency.count == 1_000)
    let words = latency.report.split(separator: "  ")
    #expect(words.map { $0.prefix { $0 != " " } } == ["p50", "p90", "p99", "p99.9", "max"])
    #expect(words[0] == "p50 500 ms")
    #expect(words[1].hasPrefix("p90 90"))
  }

  @Test("progress is plain lines without a terminal and a bar with one")
  func progress() {
    for isTerminal in [false, true] {
      let shown = Shown()
      let progress = Progress(
        "work", total: 2_000, unit: "things", isTerminal: isTerminal, write: { shown.add($0) })
      progress.advance(by: 1_000)
      progress.finish()
      progress.finish()
      #expect(shown.text.contains("work: 1,000 of 2,000 things, "))
      #expect(shown.text.hasSuffix("\n"))
      #expect(shown.text.contains("\u{1B}") == isTerminal)
      #expect(shown.text.split(separator: "\n").count == 1)
    }
  }

  private final class Shown: Sendable {
    private let content = Mutex("")
    func add(_ more: String) { content.withLock { $0 += more } }
    var text: String { content.withLock { $0 } }
  }

  @Test("a table's columns are as wide as their longest text")
  func table() {
    var table = TextTable(["id", "name"], numeric: [0])
    table.add(["7", "shop"])
    table.add(["1,234", "x"])
    #expect(table.text == "   id  name\n    7  shop\n1,234  x")
  }
}
