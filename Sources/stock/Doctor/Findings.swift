/// What an examination has found, line by line.
struct Findings {
  enum Grade: String {
    case good = "ok"
    /// It works, and could be better.
    case notice = "note"
    /// It does not work, or can lose stock.
    case bad = "BAD"
  }

  private(set) var lines: [(grade: Grade, text: String, remedy: String?)] = []

  mutating func good(_ text: String) { lines.append((.good, text, nil)) }

  /// - Parameter remedy: what to do, as a command where there is one.
  mutating func notice(_ text: String, _ remedy: String) { lines.append((.notice, text, remedy)) }
  mutating func bad(_ text: String, _ remedy: String) { lines.append((.bad, text, remedy)) }

  var badCount: Int { lines.count { $0.grade == .bad } }

  var text: String {
    lines.map { line in
      let head = line.grade.rawValue.padded(to: 5) + line.text
      return line.remedy.map { "\(head)\n     → \($0)" } ?? head
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
