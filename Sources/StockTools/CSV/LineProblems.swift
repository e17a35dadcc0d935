/// What is wrong with which lines: the first ones in words, all of them counted.
public struct LineProblems: Equatable, Sendable {
  public struct Problem: Equatable, Sendable {
    public var line: Int
    public var text: String
  }

  /// Problems kept in words.
  public static let kept = 20

  public private(set) var first: [Problem] = []
  public private(set) var count = 0

  public init() {}

  public var isEmpty: Bool { count == 0 }

  public mutating func add(line: Int, _ text: String) {
    count += 1
    if first.count < Self.kept { first.append(Problem(line: line, text: text)) }
  }

  /// One line of text a problem, and how many more there are.
  public var report: [String] {
    var lines = first.map { "  line \($0.line): \($0.text)" }
    if count > first.count { lines.append("  … and \((count - first.count).grouped) more") }
    return lines
  }
}
