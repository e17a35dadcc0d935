import StockCore

/// Turns the records of a stock file into an `ImportPlan`, against what the engine's catalogue has.
///
/// A line either counts wholly or is reported and left out. Where the file says nothing about a known
/// product's title, GTIN or type, the catalogue's stays. A line's product is the one with its
/// product_id; without one, the one with its SKU, on a line before or in the catalogue.
public struct ImportPlanner {
  public static let required = ["sku", "title", "location", "quantity"]
  public static let optional = ["product_id", "gtin", "product_type"]

  /// What the lines of one product have said so far.
  private struct Draft {
    var title = ""
    var gtin: String?
    var type: ProductType?
    var id: ProductID?
    var known: CatalogueProduct?
    var line: Int

    var isUnlimited: Bool { (type ?? known?.type ?? .physical).isUnlimited }
  }

  /// One line, read and found well-formed in itself.
  private struct Line {
    var sku: String
    var title: String
    var gtin: String?
    var type: ProductType?
    var id: ProductID?
    var location: String?
    var quantity: Int64?
  }

  private struct Bad: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
  }

  private let columns: CSVColumns
  private let catalogue: Catalogue
  private var plan = ImportPlan()
  private var drafts: [Draft] = []
  private var skus: [String] = []
  /// The first product with that SKU.
  private var placeOfSKU: [ExactText: Int32] = [:]
  /// SKUs of several products.
  private var sharedSKUs: Set<ExactText> = []
  private var placeOfID: [ProductID: Int32] = [:]
  private var placeOfLocation: [String: Int32] = [:]
  private var seen: Set<UInt64> = []
  /// Lines that make a product beside one that the catalogue has under their SKU. That is meant where
  /// the file has the other one too, by its id: maybe on a line that is still to come.
  private var doubtful: [(line: Line, number: Int)] = []

  /// - Throws: `ToolError` where the header lacks a column.
  public init(header: CSVRecord, catalogue: Catalogue) throws {
    self.columns = try CSVColumns(
      header: header, required: Self.required, optional: Self.optional)
    self.catalogue = catalogue
    for name in columns.unknown {
      plan.problems.add(line: header.line, "unknown column \"\(name)\"")
    }
  }

  public mutating func add(_ row: CSVReader.Row) {
    plan.lineCount += 1
    switch row {
    case .malformed(let line, let problem):
      plan.problems.add(line: line, problem)
    case .record(let record):
      do {
        let line = try read(record)
        if namesake(of: line) != nil {
          doubtful.append((line, record.line))
        } else {
          try add(line, at: record.line)
        }
      } catch {
        plan.problems.add(line: record.line, (error as? Bad)?.reason ?? "\(error)")
      }
    }
  }

  /// Gives ids to the products that have none.
  ///
  /// - Throws: `ToolError` where ids have run out.
  public consuming func finish() throws -> ImportPlan {
    for (line, number) in doubtful {
      do {
        if let other = namesake(of: line), let id = line.id, placeOfID[other] == nil {
          throw Bad("product_id \(id): the engine has \(line.sku) as product \(other)")
        }
        try add(line, at: number)
      } catch {
        plan.problems.add(line: number, (error as? Bad)?.reason ?? "\(error)")
      }
    }
    var nextID = max(catalogue.lastID, placeOfID.keys.max() ?? 0)
    for (index, draft) in drafts.enumerated() {
      var product =
        draft.known
        ?? CatalogueProduct(id: 0, sku: skus[index], title: "", gtin: "", type: .physical)
      // One that a stock call made has none yet.
      if product.sku.isEmpty { product.sku = skus[index] }
      if !draft.title.isEmpty { product.title = draft.title }
      if let gtin = draft.gtin { product.gtin = gtin }
      if let type = draft.type { product.type = type }
      if draft.known == nil {
        if let id = draft.id {
          product.id = id
        } else {
          nextID += 1
          guard nextID <= Bounds.maxID else { throw ToolError("there are no product ids left") }
          product.id = nextID
        }
      }
      let change: ImportPlan.Change =
        draft.known == nil ? .new : draft.known == product ? .unchanged : .changed
      plan.products.append(
        ImportPlan.PlannedProduct(product: product, change: change, line: draft.line))
    }
    return plan
  }

  /// Judges a line by itself.
  private func read(_ record: CSVRecord) throws -> Line {
    guard record.fields.count == columns.count else {
      throw Bad("\(record.fields.count) fields where the header has \(columns.count)")
    }
    let sku = columns.text("sku", of: record)
    guard !sku.isEmpty else { throw Bad("no sku") }
    guard sku.utf8.count <= Bounds.maxSKUBytes, !sku.hasControlCharacters else {
      throw Bad("sku is longer than \(Bounds.maxSKUBytes) bytes or has control characters")
    }
    let title = columns.text("title", of: record)
    guard title.utf8.count <= Bounds.maxTitleBytes, !title.hasControlCharacters else {
      throw Bad("title is longer than \(Bounds.maxTitleBytes) bytes or has control characters")
    }
    var line = Line(sku: sku, title: title)
    let gtin = columns.value("gtin", of: record)
    if !gtin.isEmpty {
      guard GTIN(gtin) != nil else { throw Bad("gtin \"\(gtin)\" is not 8, 12, 13 or 14 digits") }
      line.gtin = gtin
    }
    let type = columns.value("product_type", of: record)
    if !type.isEmpty {
      guard let known = ProductType(name: type.lowercased()) else {
        let names = ProductType.allCases.map(\.name).joined(separator: ", ")
        throw Bad("product_type \"\(type)\" is none of \(names)")
      }
      line.type = known
    }
    let id = columns.value("product_id", of: record)
    if !id.isEmpty {
      guard let number = ProductID(id), number >= 1, number <= Bounds.maxID else {
        throw Bad("product_id \"\(id)\" is not a number from 1 to \(Bounds.maxID.grouped)")
      }
      line.id = number
    }
    let location = columns.value("location", of: record)
    if !location.isEmpty {
      guard let name = LocationName.normalize(location) else {
        throw Bad("location \"\(location)\" is not 1 to 64 letters, digits, _ - . / or spaces")
      }
      line.location = name
    }
    let quantity = columns.value("quantity", of: record)
    if !quantity.isEmpty {
      guard let number = Int64(quantity), number >= 0, number <= Bounds.maxQuantity else {
        throw Bad("quantity \"\(quantity)\" is not a whole number from 0 on")
      }
      line.quantity = number
    }
    return line
  }

  /// Judges a line beside the ones before and the catalogue; changes nothing unless it is good.
  private mutating func add(_ line: Line, at number: Int) throws {
    let place = try place(of: line)
    var draft = try place.map { drafts[Int($0)] } ?? Draft(known: known(line), line: number)
    if draft.title.isEmpty { draft.title = line.title }
    draft.gtin = try agreed(draft.gtin, line.gtin, "gtin")
    draft.type = try agreed(draft.type, line.type, "product_type")
    if let id = line.id {
      draft.id = id
      if draft.known == nil { draft.known = catalogue.product(id: id) }
    }
    if !draft.isUnlimited || line.quantity != nil {
      guard line.quantity != nil else { throw Bad("no quantity") }
      guard line.location != nil else { throw Bad("no location") }
    }
    let product = place ?? Int32(drafts.count)
    if let location = line.location, let quantity = line.quantity {
      let locationPlace = placeOfLocation[location] ?? Int32(plan.locations.count)
      let pair = UInt64(UInt32(product)) << 32 | UInt64(UInt32(locationPlace))
      guard seen.insert(pair).inserted else {
        throw Bad("\(line.sku) at \(location) is there already, on a line before")
      }
      if locationPlace == plan.locations.count {
        plan.locations.append(location)
        placeOfLocation[location] = locationPlace
      }
      plan.entries.append(
        ImportPlan.PlannedEntry(
          product: product, location: locationPlace, line: Int32(clamping: number),
          quantity: quantity))
    }
    if place == nil {
      let sku = ExactText(line.sku)
      if placeOfSKU[sku] == nil { placeOfSKU[sku] = product } else { sharedSKUs.insert(sku) }
      skus.append(line.sku)
      drafts.append(draft)
    } else {
      drafts[Int(product)] = draft
    }
    if let id = draft.id { placeOfID[id] = product }
  }

  private func agreed<Value: Equatable>(
    _ before: Value?, _ now: Value?, _ column: String
  ) throws -> Value? {
    guard let before, let now else { return before ?? now }
    guard before == now else {
      throw Bad("\(column) \(now) differs from \(before), said before of this SKU")
    }
    return before
  }

  /// The place of the line's product; nil: no line before has named it.
  private func place(of line: Line) throws -> Int32? {
    let sku = ExactText(line.sku)
    guard let id = line.id else {
      guard let place = placeOfSKU[sku] else { return nil }
      // The catalogue may have an older one with that SKU.
      let known = drafts[Int(place)].known?.id
      let older = catalogue.product(sku: line.sku)?.id ?? known
      guard !sharedSKUs.contains(sku), older == known else {
        throw Bad("\(line.sku) is several products: which one, product_id must say")
      }
      return place
    }
    if let place = placeOfID[id] {
      guard skus[Int(place)].isExactly(line.sku) else {
        throw Bad("product_id \(id) is \(skus[Int(place)]) on a line before")
      }
      return place
    }
    // A line before may have named it without its id.
    guard let place = placeOfSKU[sku], drafts[Int(place)].id == nil else { return nil }
    if let known = drafts[Int(place)].known {
      guard known.id == id else { return nil }
    } else {
      try checkIsFree(id)
    }
    return place
  }

  /// What the catalogue has of a product that no line before has named.
  private func known(_ line: Line) throws -> CatalogueProduct? {
    guard let id = line.id else { return catalogue.product(sku: line.sku) }
    if let known = catalogue.product(id: id), known.sku.isExactly(line.sku) { return known }
    try checkIsFree(id)
    return catalogue.product(id: id)
  }

  /// Nobody has the id, or a product of ours that has no SKU yet.
  private func checkIsFree(_ id: ProductID) throws {
    guard !catalogue.isOtherStores(id) else { throw Bad("product_id \(id) is another store's") }
    if let known = catalogue.product(id: id), !known.sku.isEmpty {
      throw Bad("product_id \(id) is \(known.sku) already")
    }
  }

  /// The catalogue's product with the line's SKU, where the line has the id of a new one.
  private func namesake(of line: Line) -> ProductID? {
    guard let id = line.id, catalogue.product(id: id) == nil, !catalogue.isOtherStores(id) else {
      return nil
    }
    return catalogue.product(sku: line.sku)?.id
  }
}
