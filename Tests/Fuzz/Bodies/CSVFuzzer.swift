import StockCore

@testable import StockTools

/// A stock file. The first byte says in which pieces it is read.
///
/// However it is cut, the rows are the same; written with quotes and read again they are the same; and
/// what the planner takes is within the engine's bounds.
enum CSVFuzzer {
  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var choices = Choices(input)
    let step = choices.choice(of: 40) + 1
    let bytes = Array(choices.rest)
    guard let rows = rows(bytes, step: max(bytes.count, 1)) else { return "reading throws" }
    guard self.rows(bytes, step: step) == rows else {
      return "read \(step) bytes at a time the rows are others"
    }
    let records = rows.compactMap(fields)
    let again = self.rows(written(records), step: step)?.map(fields)
    guard again == records else { return "written anew the records are others: \(records)" }
    return plan(rows)
  }

  private static func fields(_ row: CSVReader.Row) -> [String]? {
    if case .record(let record) = row { record.fields } else { nil }
  }

  private static func rows(_ bytes: [UInt8], step: Int) -> [CSVReader.Row]? {
    var position = 0
    var reader = CSVReader {
      let end = min(position + step, bytes.count)
      defer { position = end }
      return Array(bytes[position..<end])
    }
    var rows: [CSVReader.Row] = []
    do {
      while let row = try reader.next() { rows.append(row) }
    } catch {
      return nil
    }
    return rows
  }

  private static func written(_ records: [[String]]) -> [UInt8] {
    var text: [UInt8] = []
    for record in records {
      for (place, field) in record.enumerated() {
        if place > 0 { text.append(UInt8(ascii: ",")) }
        text.append(UInt8(ascii: "\""))
        for byte in field.utf8 {
          if byte == UInt8(ascii: "\"") { text.append(byte) }
          text.append(byte)
        }
        text.append(UInt8(ascii: "\""))
      }
      text += "\r\n".utf8
    }
    return text
  }

  private static func plan(_ rows: [CSVReader.Row]) -> String? {
    guard case .record(let header)? = rows.first else { return nil }
    var catalogue = Catalogue()
    catalogue.add(
      CatalogueProduct(id: 7, sku: "K", title: "Known", gtin: "", type: .physical), isOurs: true)
    catalogue.add(
      CatalogueProduct(id: 9, sku: "F", title: "", gtin: "", type: .physical), isOurs: false)
    guard var planner = try? ImportPlanner(header: header, catalogue: catalogue) else { return nil }
    for row in rows.dropFirst() { planner.add(row) }
    guard let plan = try? planner.finish() else { return nil }
    guard Set(plan.products.map(\.product.id)).count == plan.products.count else {
      return "two products of the plan have one id"
    }
    for planned in plan.products {
      let product = planned.product
      guard (1...Bounds.maxID).contains(product.id), product.sku.utf8.count <= Bounds.maxSKUBytes,
        product.title.utf8.count <= Bounds.maxTitleBytes, !product.sku.hasControlCharacters,
        !product.title.hasControlCharacters, product.gtin.isEmpty || GTIN(product.gtin) != nil
      else { return "the plan has a product beyond the bounds: \(product)" }
    }
    for location in plan.locations where LocationName.normalize(location) != location {
      return "the plan has a location that is not normal: \(location)"
    }
    for entry in plan.entries {
      guard plan.products.indices.contains(Int(entry.product)),
        plan.locations.indices.contains(Int(entry.location)),
        (0...Bounds.maxQuantity).contains(entry.quantity)
      else { return "the plan has an entry beyond the bounds: \(entry)" }
    }
    return nil
  }
}
