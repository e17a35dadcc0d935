import StockCore
import StockTools
import Testing

@Suite("Planning an import")
struct ImportPlanTests {
  static func plan(_ text: String, catalogue: Catalogue = Catalogue()) throws -> ImportPlan {
    var reader = CSVReader(text: text)
    guard case .record(let header) = try reader.next() else {
      Issue.record("no header")
      return try ImportPlanner(
        header: CSVRecord(line: 1, fields: ImportPlanner.required), catalogue: catalogue
      ).finish()
    }
    var planner = try ImportPlanner(header: header, catalogue: catalogue)
    while let row = try reader.next() { planner.add(row) }
    return try planner.finish()
  }

  static func products(_ plan: ImportPlan) -> [String] {
    plan.products.map { item in
      let product = item.product
      return "\(product.id) \(product.sku) '\(product.title)' \(product.gtin) "
        + "\(product.type.name) \(item.change)"
    }
  }

  static func entries(_ plan: ImportPlan) -> [String] {
    plan.entries.map { entry in
      "\(plan.products[Int(entry.product)].product.sku) at "
        + "\(plan.locations[Int(entry.location)]): \(entry.quantity) (line \(entry.line))"
    }
  }

  static let known: Catalogue = {
    var catalogue = Catalogue()
    catalogue.add(
      CatalogueProduct(id: 4, sku: "OLD", title: "Old", gtin: "40063813", type: .physical),
      isOurs: true)
    catalogue.add(
      CatalogueProduct(id: 5, sku: "SONG", title: "Song", gtin: "", type: .digital), isOurs: true)
    catalogue.add(
      CatalogueProduct(id: 9, sku: "THEIRS", title: "", gtin: "", type: .physical), isOurs: false)
    return catalogue
  }()

  @Test("columns come in any order and case, products once, locations upper-cased")
  func ordinary() throws {
    let plan = try Self.plan(
      """
      Quantity, SKU ,location,title
      5,A,main,Apple
      7,A,west,Apple
      0,B,Main,
      """)
    #expect(plan.problems.isEmpty)
    #expect(plan.lineCount == 3)
    #expect(Self.products(plan) == ["1 A 'Apple'  physical new", "2 B ''  physical new"])
    #expect(
      Self.entries(plan) == [
        "A at MAIN: 5 (line 2)", "A at WEST: 7 (line 3)", "B at MAIN: 0 (line 4)",
      ])
  }

  @Test("known SKUs keep id and what the file does not say; new ones come after every store's ids")
  func catalogue() throws {
    let plan = try Self.plan(
      """
      sku,title,location,quantity
      OLD,Old,M,1
      SONG,Better song,,
      NEW,New,M,2
      THEIRS,Mine,M,3
      """, catalogue: Self.known)
    #expect(plan.problems.isEmpty)
    #expect(
      Self.products(plan) == [
        "4 OLD 'Old' 40063813 physical unchanged", "5 SONG 'Better song'  digital changed",
        "10 NEW 'New'  physical new", "11 THEIRS 'Mine'  physical new",
      ])
    #expect(Self.entries(plan).count == 3)
  }

  @Test("ids that the file gives are kept, and the next free ones come after them")
  func explicitIDs() throws {
    let plan = try Self.plan(
      """
      product_id,sku,title,location,quantity,gtin,product_type
      ,FIRST,,M,1,,
      70,A,,M,1,4006381333931,physical
      ,B,,,,,service
      ,C,,M,5,,DIGITAL
      """)
    #expect(plan.problems.isEmpty)
    #expect(
      Self.products(plan) == [
        "71 FIRST ''  physical new", "70 A '' 4006381333931 physical new",
        "72 B ''  service new", "73 C ''  digital new",
      ])
    #expect(
      Self.entries(plan) == [
        "FIRST at M: 1 (line 2)", "A at M: 1 (line 3)", "C at M: 5 (line 5)",
      ])
  }

  @Test("SKUs and titles are their bytes: an accent in one letter or behind it makes two products")
  func exactTexts() throws {
    let (one, two) = ("caf\u{e9}", "cafe\u{301}")
    let new = try Self.plan("sku,title,location,quantity\n\(one),T,M,1\n\(two),T,M,2\n")
    #expect(new.problems.isEmpty)
    #expect(new.products.map { Array($0.product.sku.utf8) } == [one, two].map { Array($0.utf8) })
    #expect(new.products.map(\.product.id) == [1, 2] && new.entries.map(\.product) == [0, 1])

    var catalogue = Catalogue()
    for (id, sku) in [(6, one), (7, two)] as [(ProductID, String)] {
      catalogue.add(
        CatalogueProduct(id: id, sku: sku, title: one, gtin: "", type: .physical), isOurs: true)
    }
    let known = try Self.plan(
      "sku,title,location,quantity\n\(two),\(one),M,1\n\(one),\(two),M,2\n",
      catalogue: catalogue)
    #expect(known.problems.isEmpty)
    #expect(known.products.map(\.product.id) == [7, 6])
    #expect(known.products.map(\.change) == [.unchanged, .changed])
  }

  @Test("products are known by their ids where the file has them: one SKU may be several")
  func sharedSKUs() throws {
    var catalogue = Catalogue()
    for (id, sku) in [(3, "DUP"), (4, "DUP"), (6, "")] as [(ProductID, String)] {
      catalogue.add(
        CatalogueProduct(id: id, sku: sku, title: "T\(id)", gtin: "", type: .physical),
        isOurs: true)
    }
    let plan = try Self.plan(
      """
      sku,title,location,quantity,product_id
      DUP,T4,M,4,4
      DUP,T5,M,5,5
      DUP,New,M,3,3
      DUP,T4,W,44,4
      NAMED,T6,M,6,6
      NEW,one,M,7,7
      NEW,two,M,8,8
      """, catalogue: catalogue)
    #expect(plan.problems.report == [])
    #expect(
      Self.products(plan) == [
        "4 DUP 'T4'  physical unchanged", "3 DUP 'New'  physical changed",
        "6 NAMED 'T6'  physical changed", "7 NEW 'one'  physical new",
        "8 NEW 'two'  physical new", "5 DUP 'T5'  physical new",
      ])
    #expect(plan.entries.map(\.quantity).sorted() == [3, 4, 5, 6, 7, 8, 44])
    let unclear = try Self.plan(
      "sku,title,location,quantity,product_id\nD,a,M,1,1\nD,b,M,2,2\nD,c,W,3,\n")
    #expect(
      unclear.problems.report == ["  line 4: D is several products: which one, product_id must say"]
    )
  }

  @Test("blanks at the ends of quoted texts belong to them")
  func quotedBlanks() throws {
    let plan = try Self.plan(
      "sku,title,location,quantity\n\" lead\",\" sp \",\" m \",\" 1\"\n lead , sp ,M,2\n\" \",,M,3\n"
    )
    #expect(plan.problems.report == [])
    #expect(
      Self.products(plan) == [
        "1  lead ' sp '  physical new", "2 lead 'sp'  physical new", "3   ''  physical new",
      ])
    #expect(plan.locations == ["M"] && plan.entries.map(\.quantity) == [1, 2, 3])
  }

  static let bad: [(line: String, problem: String)] = [
    ("A,a,M", "3 fields where the header has 7"),
    (",a,M,1,,,", "no sku"),
    ("A,a,,1,,,", "no location"),
    ("A,a,M,,,,", "no quantity"),
    ("A,a,M,-1,,,", "quantity \"-1\" is not a whole number from 0 on"),
    ("A,a,M,1.5,,,", "quantity \"1.5\" is not a whole number from 0 on"),
    (
      "A,a,M,9007199254740992,,,",
      "quantity \"9007199254740992\" is not a whole number from 0 on"
    ),
    ("A,a,Lager ü,1,,,", "location \"Lager ü\" is not 1 to 64 letters, digits, _ - . / or spaces"),
    ("A,a,M,1,0,,", "product_id \"0\" is not a number from 1 to 9,007,199,254,740,991"),
    ("A,a,M,1,9,,", "product_id 9 is another store's"),
    ("A,a,M,1,4,,", "product_id 4 is OLD already"),
    ("OLD,a,M,1,7,,", "product_id 7: the engine has OLD as product 4"),
    ("A,a,M,1,,123,", "gtin \"123\" is not 8, 12, 13 or 14 digits"),
    (
      "A,a,M,1,,,thing",
      "product_type \"thing\" is none of physical, digital, service, subscription"
    ),
    ("SAME,a,M,1,,,", "SAME at M is there already, on a line before"),
    ("SAME,a,m ,1,,,", "SAME at M is there already, on a line before"),
    ("SAME,a,W,1,,,digital", "product_type digital differs from physical, said before of this SKU"),
    ("A,a,M,1,12,,", "product_id 12 is SAME on a line before"),
    ("\"A\"x,a,M,1,,,", "a character after a closing quote"),
  ]

  @Test("a bad line is reported with its number and changes nothing", arguments: bad)
  func badLines(_ example: (line: String, problem: String)) throws {
    let plan = try Self.plan(
      """
      sku,title,location,quantity,product_id,gtin,product_type
      SAME,Same,M,1,12,,physical
      \(example.line)
      LAST,Last,M,3,,,
      """, catalogue: Self.known)
    #expect(plan.problems.report == ["  line 3: \(example.problem)"])
    #expect(plan.problems.count == 1)
    #expect(plan.lineCount == 3)
    #expect(Self.products(plan).count == 2)
    #expect(Self.entries(plan) == ["SAME at M: 1 (line 2)", "LAST at M: 3 (line 4)"])
  }

  @Test("unknown columns are problems of the header's line")
  func unknownColumns() throws {
    let plan = try Self.plan("sku,title,location,quantity,colour\nA,a,M,1,red\n")
    #expect(plan.problems.report == ["  line 1: unknown column \"colour\""])
    #expect(Self.entries(plan) == ["A at M: 1 (line 2)"])
  }

  @Test("a header without a column, or with one twice, is no stock file")
  func header() {
    #expect(
      throws: ToolError(
        "line 1: the header lacks location, quantity; "
          + "it must name the columns sku, title, location, quantity")
    ) { try Self.plan("sku,title\nA,a\n") }
    #expect(throws: ToolError("line 1: the column sku is there twice")) {
      try Self.plan("sku,title,location,quantity,SKU\n")
    }
  }

  @Test("the first 20 problems are told, all are counted")
  func manyProblems() throws {
    let lines = (0..<25).map { _ in "A,a,M,x" }.joined(separator: "\n")
    let plan = try Self.plan("sku,title,location,quantity\n\(lines)\n")
    #expect(plan.problems.count == 25)
    #expect(plan.problems.report.count == 21)
    #expect(plan.problems.report.last == "  … and 5 more")
  }
}
