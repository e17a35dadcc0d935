/// A table for people: columns as wide as their longest text.
public struct TextTable {
  private var rows: [[String]]
  private let numeric: Set<Int>

  /// - Parameter numeric: the columns that stand at the right.
  public init(_ header: [String], numeric: Set<Int> = []) {
    self.rows = [header]
    self.numeric = numeric
  }

  public mutating func add(_ row: [String]) { rows.append(row) }

  public var text: String {
    let widths = rows[0].indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let blank = String(repeating: " ", count: widths[column] - cell.count)
        return numeric.contains(column) ? blank + cell : cell + blank
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
