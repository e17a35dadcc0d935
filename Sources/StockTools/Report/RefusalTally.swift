/// What the engine refused: counted by its codes, with the first few lines of each.
public struct RefusalTally: Equatable, Sendable {
  public struct Cause: Equatable, Sendable {
    public var count = 0
    /// The first `LineProblems.kept` lines.
    public var lines: [Int] = []

    public init(count: Int = 0, lines: [Int] = []) {
      self.count = count
      self.lines = lines
    }
  }

  public private(set) var causes: [String: Cause] = [:]

  public init() {}

  public var total: Int { causes.values.reduce(0) { $0 + $1.count } }

  public mutating func add(_ code: String, line: Int) {
    var cause = causes[code, default: Cause()]
    cause.count += 1
    if cause.lines.count < LineProblems.kept { cause.lines.append(line) }
    causes[code] = cause
  }

  /// One line of text a cause, the most frequent first.
  public var report: [String] {
    causes.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { code, cause in
      let lines = cause.lines.sorted().map(\.grouped).joined(separator: ", ")
      let more = cause.count > cause.lines.count ? " …" : ""
      return "  \(code): \(cause.count.grouped) (lines \(lines)\(more))"
    }
  }
}
