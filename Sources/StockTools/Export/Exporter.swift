public import StockCore

/// Reads all products and entries of an engine, page by page, and writes them as text. Each shard is
/// shown as it was at one moment.
public struct Exporter {
  public enum Format: String, CaseIterable, Sendable {
    /// The columns that `stock import` reads: products, and what there is of them where.
    case csv
    /// An array with one object a line: all that there is to know.
    case json
  }

  /// What was written.
  public struct Report: Equatable, Sendable {
    public var products = 0
    public var entries = 0
    /// Physical products without an entry: CSV has no line for them.
    public var leftOut = 0
    /// Lines without a SKU: `stock import` knows products by it, and refuses them.
    public var withoutSKU = 0
  }

  private let exchange: any Exchange
  private let format: Format
  private let store: StoreID?

  /// - Parameter store: nil: all stores.
  public init(_ exchange: any Exchange, format: Format, store: StoreID?) {
    self.exchange = exchange
    self.format = format
    self.store = store
  }

  /// - Parameters:
  ///   - progress: hears of the rows of each page.
  ///   - write: gets the text in pieces, in order.
  /// - Throws: `ToolError` where the engine refuses; what `write` throws.
  public func run(
    progress: (Int) -> Void = { _ in }, write: (String) throws -> Void
  ) async throws -> Report {
    let administration = Administration(exchange)
    var report = Report()
    var lines = Lines(format: format)
    try write(lines.opening)
    var cursor: String?
    repeat {
      var path = "/api/v1/admin/export?limit=5000"
      if let store { path += "&store_id=\(store)" }
      if let cursor { path += "&cursor=\(cursor.queryEscaped)" }
      let page: ExportPage = try await administration.read(path, what: "the stock")
      try write(page.items.map { lines.line($0, &report) }.joined())
      progress(page.items.count)
      cursor = page.nextCursor
    } while cursor != nil
    try write(lines.closing)
    report.products = lines.products.count
    return report
  }

  private struct Lines {
    let format: Format
    var isFirst = true
    var products: Set<Int64> = []

    init(format: Format) { self.format = format }

    var opening: String {
      switch format {
      case .csv: "sku,title,location,quantity,product_id,gtin,product_type\r\n"
      case .json: "["
      }
    }

    var closing: String { format == .csv ? "" : isFirst ? "]\n" : "\n]\n" }

    mutating func line(_ item: ExportPage.Item, _ report: inout Report) -> String {
      let product = item.product
      if item.entry != nil { report.entries += 1 }
      switch format {
      case .json:
        products.insert(product.id)
        defer { isFirst = false }
        return (isFirst ? "\n" : ",\n") + json(item)
      case .csv:
        guard item.entry != nil || product.productType != "physical" else {
          report.leftOut += 1
          return ""
        }
        products.insert(product.id)
        if product.sku?.isEmpty ?? true { report.withoutSKU += 1 }
        let fields = [
          product.sku ?? "", product.title ?? "", item.entry?.location ?? "",
          item.entry.map { "\($0.quantity)" } ?? "", "\(product.id)", product.gtin ?? "",
          product.productType,
        ]
        return fields.map(Self.quoted).joined(separator: ",") + "\r\n"
      }
    }

    /// RFC 4180: quotes where the text needs them. By scalars: a quote with a mark behind it is one
    /// character, and no quote any more.
    private static func quoted(_ field: String) -> String {
      let needs = field.utf8.contains { byte in
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\r")
          || byte == UInt8(ascii: "\n")
      }
      // Blanks at the ends belong to a text only within quotes.
      let blank = UInt8(ascii: " ")
      guard needs || field.utf8.first == blank || field.utf8.last == blank else { return field }
      var text = "\""
      for scalar in field.unicodeScalars {
        if scalar == "\"" { text.unicodeScalars.append(scalar) }
        text.unicodeScalars.append(scalar)
      }
      text.unicodeScalars.append("\"")
      return text
    }

    private func json(_ item: ExportPage.Item) -> String {
      let product = item.product
      var json = JSONText()
      json.raw("{\"product_id\":")
      json.number(product.id)
      json.raw(",\"store_id\":")
      json.number(product.storeId)
      json.raw(",\"sku\":")
      if let sku = product.sku { json.string(sku) } else { json.raw("null") }
      json.raw(",\"title\":")
      if let title = product.title { json.string(title) } else { json.raw("null") }
      json.raw(",\"gtin\":")
      if let gtin = product.gtin { json.string(gtin) } else { json.raw("null") }
      json.raw(",\"product_type\":")
      json.string(product.productType)
      if let entry = item.entry {
        json.raw(",\"id\":")
        json.number(entry.id)
        json.raw(",\"location\":")
        json.string(entry.location)
        json.raw(",\"quantity\":")
        json.number(entry.quantity)
        json.raw(",\"reserved_quantity\":")
        json.number(entry.reservedQuantity)
        json.raw(",\"available_quantity\":")
        json.number(entry.availableQuantity)
        json.raw(",\"version\":")
        json.number(entry.version)
        json.raw(",\"created_at\":")
        json.string(entry.createdAt)
        json.raw(",\"updated_at\":")
        json.string(entry.updatedAt)
      }
      json.raw("}")
      return String(decoding: json.bytes, as: UTF8.self)
    }
  }
}
