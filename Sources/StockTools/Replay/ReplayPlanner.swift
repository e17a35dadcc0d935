import StockCore

/// Reads order lines of one or more CSV files into a `ReplayPlan`.
public struct ReplayPlanner {
  public static let required = ["invoice_no", "stock_code", "quantity"]
  public static let optional = ["invoiced_at", "customer_id", "country", "description"]

  private struct Placed {
    var invoice: Int32
    var line: ReplayPlan.Line
  }

  private var plan = ReplayPlan()
  private var placed: [Placed] = []
  private var numbers: [String] = []
  private var customers: [String] = []
  private var linesOfInvoice: [Int] = []
  private var placeOfInvoice: [ExactText: Int32] = [:]
  private var placeOfSKU: [ExactText: Int32] = [:]
  /// By file: what is wrong with its lines.
  public private(set) var problems: [(file: String, problems: LineProblems)] = []

  public init() {}

  public var lineCount: Int { placed.count }
  public var badLineCount: Int { problems.reduce(0) { $0 + $1.problems.count } }

  /// Reads a file to its end. Lines that cannot be order lines are left out and reported.
  ///
  /// - Throws: `ToolError` where it is no file of order lines.
  public mutating func read(
    _ reader: inout CSVReader, file: String, onLine: () -> Void = {}
  ) throws {
    guard let first = try reader.next() else { throw ToolError("\(file) is empty") }
    guard case .record(let header) = first else {
      throw ToolError("\(file), line 1: the header is no CSV")
    }
    let columns: CSVColumns
    do {
      columns = try CSVColumns(header: header, required: Self.required, optional: Self.optional)
    } catch {
      throw ToolError("\(file), \(error)")
    }
    var found = LineProblems()
    while let row = try reader.next() {
      switch row {
      case .malformed(let line, let problem):
        found.add(line: line, problem)
      case .record(let record):
        if let problem = add(record, columns) { found.add(line: record.line, problem) }
      }
      onLine()
    }
    if !found.isEmpty { problems.append((file, found)) }
  }

  /// - Returns: what is wrong with it; nil where it was taken.
  private mutating func add(_ record: CSVRecord, _ columns: CSVColumns) -> String? {
    guard record.fields.count == columns.count else {
      return "\(record.fields.count) fields where the header has \(columns.count)"
    }
    let invoice = columns.value("invoice_no", of: record)
    let sku = columns.value("stock_code", of: record)
    let text = columns.value("quantity", of: record)
    guard !invoice.isEmpty else { return "no invoice_no" }
    guard !sku.isEmpty else { return "no stock_code" }
    let customer = columns.value("customer_id", of: record)
    for (name, text) in [("invoice_no", invoice), ("customer_id", customer)] {
      guard text.utf8.count <= Bounds.maxReferenceBytes, !text.hasControlCharacters else {
        return "\(name) is longer than \(Bounds.maxReferenceBytes) bytes or has control characters"
      }
    }
    guard sku.utf8.count <= Bounds.maxSKUBytes, !sku.hasControlCharacters else {
      return "stock_code is longer than \(Bounds.maxSKUBytes) bytes or has control characters"
    }
    guard let quantity = Int64(text), quantity.magnitude <= UInt64(Bounds.maxQuantity),
      quantity != 0
    else { return "quantity \"\(text)\" is not a whole number other than 0" }
    if invoice.first == "C", quantity > 0 {
      return "a cancellation (invoice \(invoice)) with a positive quantity"
    }
    let place = self.place(ofSKU: sku, title: columns.value("description", of: record))
    let number = self.place(ofInvoice: invoice)
    linesOfInvoice[Int(number)] += 1
    if customers[Int(number)].isEmpty { customers[Int(number)] = customer }
    placed.append(
      Placed(invoice: number, line: ReplayPlan.Line(sku: place, quantity: quantity)))
    return nil
  }

  private mutating func place(ofSKU name: String, title: String) -> Int32 {
    let key = ExactText(name)
    if let place = placeOfSKU[key] {
      if plan.skus[Int(place)].title.isEmpty, !title.isEmpty {
        plan.skus[Int(place)].title = Self.cut(title)
      }
      return place
    }
    let place = Int32(plan.skus.count)
    placeOfSKU[key] = place
    plan.skus.append(
      ReplayPlan.SKU(
        name: name, title: Self.cut(title), isService: ReplayPlan.looksLikeService(name)))
    return place
  }

  private mutating func place(ofInvoice number: String) -> Int32 {
    let key = ExactText(number)
    if let place = placeOfInvoice[key] { return place }
    let place = Int32(numbers.count)
    placeOfInvoice[key] = place
    numbers.append(number)
    customers.append("")
    linesOfInvoice.append(0)
    return place
  }

  /// A title that the engine takes: a long one loses its end, control characters become blanks.
  static func cut(_ title: String) -> String {
    var text = title
    if text.hasControlCharacters {
      text = String(
        text.map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
    }
    while text.utf8.count > Bounds.maxTitleBytes { text.removeLast() }
    return text
  }

  /// Groups the lines by invoice: invoices in the order of their first lines, each invoice's lines in
  /// the order of the files.
  ///
  /// - Throws: `ToolError` where an invoice has more lines than one reservation may have: two would be
  ///   another thing than one.
  public consuming func finish() throws -> ReplayPlan {
    var starts: [Int] = []
    var total = 0
    for (place, count) in linesOfInvoice.enumerated() {
      guard count <= Bounds.maxLinesPerHold else {
        throw ToolError(
          "invoice \(numbers[place]) has \(count.grouped) lines; one reservation has up to "
            + "\(Bounds.maxLinesPerHold.grouped), and an invoice is reserved in one")
      }
      plan.invoices.append(
        ReplayPlan.Invoice(
          number: numbers[place], customer: customers[place], lines: total..<(total + count)))
      starts.append(total)
      total += count
    }
    plan.lines = [ReplayPlan.Line](
      repeating: ReplayPlan.Line(sku: 0, quantity: 0), count: total)
    for item in placed {
      let invoice = Int(item.invoice)
      plan.lines[starts[invoice]] = item.line
      starts[invoice] += 1
    }
    return plan
  }
}
