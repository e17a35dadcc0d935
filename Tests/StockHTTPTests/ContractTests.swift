import Crypto
import Foundation
import NIOHTTP1
import StockCore
import Testing
import Yams

@testable import StockHTTP

/// docs/openapi.yaml says what the engine does, and nothing else. What its answers look like,
/// Tests/Contract asks a running engine.
@Suite struct ContractTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// One call of the document.
  struct Call {
    /// As in `GET /healthz`.
    var name: String
    var operation: Node

    var roles: Set<String> {
      Set(
        (operation["security"]?.sequence ?? []).flatMap {
          $0.mapping?.keys.compactMap(\.string) ?? []
        })
    }
    var statuses: Set<String> {
      Set(operation["responses"]?.mapping?.keys.compactMap(\.string) ?? [])
    }
    var codes: [String] { operation["x-problem-codes"]?.sequence?.compactMap(\.string) ?? [] }
  }

  let document: Node
  let calls: [Call]

  init() throws {
    let text = try Self.text("docs/openapi.yaml")
    document = try #require(try Yams.compose(yaml: text))
    var calls: [Call] = []
    for (path, item) in try #require(document["paths"]?.mapping) {
      for (method, operation) in try #require(item.mapping) {
        let name = "\(method.string?.uppercased() ?? "") \(path.string ?? "")"
        calls.append(Call(name: name, operation: operation))
      }
    }
    self.calls = calls
    try #require(calls.count > 40)
  }

  /// A part of the document, by its path.
  private func part(_ path: String) -> Node? {
    path.split(separator: "/").reduce(document as Node?) { $0?[String($1)] }
  }

  private func schema(_ name: String) throws -> Node {
    try #require(part("components/schemas/\(name)"), "no schema \(name)")
  }

  private func properties(_ name: String) throws -> Set<String> {
    Set(try #require(try schema(name)["properties"]?.mapping).keys.compactMap(\.string))
  }

  // MARK: In the executable

  @Test("what is served is what lies in docs/; else run make docs")
  func isUpToDate() throws {
    let contract = try Self.text("docs/openapi.yaml")
    #expect(ContractTexts.openapi_yaml.description == contract)
    #expect(ContractTexts.docs_css.description == (try Self.text("docs/contract/docs.css")))
    #expect(ContractTexts.docs_js.description == (try Self.text("docs/contract/docs.js")))
    let digest = SHA256.hash(data: Data(contract.utf8)).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }.joined()
    #expect(
      ContractTexts.docs_html.description.contains("<meta name=\"contract\" content=\"\(digest)\">")
    )
  }

  @Test(arguments: [
    ("/openapi.yaml", "application/yaml"), ("/docs", "text/html; charset=utf-8"),
    ("/docs/errors", "text/html; charset=utf-8"), ("/docs/docs.css", "text/css; charset=utf-8"),
    ("/docs/docs.js", "text/javascript; charset=utf-8"),
  ])
  func isServedToAnyone(_ path: String, _ type: String) throws {
    let wire = try Wire(keys: true)
    let answer = try wire.ask(request("GET", path, nil))
    #expect(answer.status == 200)
    #expect(answer.fields["content-type"] == type)
    #expect(answer.fields["content-security-policy"]?.contains("default-src 'none'") == true)
    #expect(answer.body.utf8.count > 1_000)
    let refused = try wire.ask(request("POST", path, nil))
    #expect(refused.status == 405)
    #expect(refused.fields["allow"] == "GET, HEAD")
  }

  @Test("the page needs no script or style in its text, and no other host")
  func pageIsStrict() {
    let page = ContractTexts.docs_html.description
    #expect(!page.contains(" style="))
    #expect(!page.contains("<style"))
    #expect(!page.contains("javascript:"))
    let sources = page.components(separatedBy: " src=\"").dropFirst()
    #expect(sources.allSatisfy { $0.hasPrefix("/docs/") })
    #expect(!page.contains("href=\"http"))
  }

  @Test("each error's type leads to its place in the page", arguments: ProblemCode.allCases)
  func typesLeadSomewhere(_ code: ProblemCode) {
    #expect(ContractTexts.docs_html.description.contains("id=\"\(code.name)\""))
  }

  // MARK: Calls

  @Test("every route is in the document, and the other way round")
  func routes() {
    let documented = Set(calls.map(\.name))
    #expect(documented.count == calls.count)
    let served = Set(
      RouteTable.rows.map { "\($0.method.rawValue) \($0.path)" }
        + ["GET /openapi.yaml", "GET /docs"])
    #expect(served.subtracting(documented) == [], "not documented")
    #expect(documented.subtracting(served) == [], "not served")
  }

  @Test("the roles of each call are those of its route")
  func roles() {
    let names: [(RoleSet, String)] = [
      (.admin, "admin"), (.store, "store"), (.checkout, "checkout"), (.read, "read"),
    ]
    for row in RouteTable.rows where row.endpoint != .signIn {
      let expected = Set(names.filter { row.roles.contains($0.0) }.map(\.1))
      let call = calls.first { $0.name == "\(row.method.rawValue) \(row.path)" }
      #expect(call?.roles == expected, "\(row.method.rawValue) \(row.path)")
    }
  }

  @Test("each call has a name of its own, a tag, and the statuses that any request can get")
  func statuses() {
    var names: Set<String> = []
    let tags = Set(document["tags"]?.sequence?.compactMap { $0["name"]?.string } ?? [])
    for call in calls {
      let name = call.operation["operationId"]?.string ?? ""
      #expect(names.insert(name).inserted && !name.isEmpty, "\(call.name)")
      #expect(tags.contains(call.operation["tags"]?.sequence?.first?.string ?? ""), "\(call.name)")
      var expected: Set = ["400", "405", "408", "413", "431", "503"]
      if !call.roles.isEmpty { expected.insert("401") }
      if !call.roles.isEmpty, call.roles.count < 4 { expected.insert("403") }
      if call.operation["requestBody"] != nil { expected.insert("415") }
      if call.name.contains("{") { expected.insert("404") }
      #expect(
        expected.isSubset(of: call.statuses),
        "\(call.name) lacks \(expected.subtracting(call.statuses))")
    }
  }

  @Test("what the document refers to is there")
  func references() throws {
    let text = try Self.text("docs/openapi.yaml")
    let found = Set(
      text.components(separatedBy: "$ref: '#/").dropFirst().map { $0.prefix { $0 != "'" } })
    #expect(found.count > 100)
    for reference in found { #expect(part(String(reference)) != nil, "\(reference)") }
  }

  // MARK: Errors

  @Test("the list of codes is the engine's, with its statuses and titles")
  func codes() throws {
    let list = try schema("ProblemCode")
    let documented = list["enum"]?.sequence?.compactMap(\.string) ?? []
    #expect(documented == documented.sorted { place($0) < place($1) })
    #expect(Set(documented) == Set(ProblemCode.allCases.map(\.name.description)))
    for code in ProblemCode.allCases {
      let about = list["x-problems"]?[code.name.description]
      #expect(about?["status"]?.int == code.status, "\(code.name)")
      #expect(about?["title"]?.string == code.title.description, "\(code.name)")
      #expect(about?["advice"]?.string?.isEmpty == false, "\(code.name)")
    }
  }

  private func place(_ name: String) -> Int {
    ProblemCode.allCases.firstIndex { $0.name.description == name } ?? .max
  }

  @Test("the codes of each call are on the list, and their statuses are documented")
  func codesOfCalls() {
    for call in calls {
      for name in call.codes {
        let code = ProblemCode.allCases.first { $0.name.description == name }
        #expect(code != nil, "\(call.name): \(name)")
        #expect(call.statuses.contains("\(code?.status ?? 0)"), "\(call.name): \(name)")
      }
    }
  }

  // MARK: Fields and bounds

  @Test("the bodies of stock operations have the fields that the engine takes")
  func fields() throws {
    let schemas: [(StockOperation, String)] = [
      (.set, "SetStock"), (.adjust, "AdjustStock"), (.reserve, "ReserveStock"),
      (.release, "TakeReserved"), (.fulfill, "TakeReserved"), (.transfer, "TransferStock"),
    ]
    for (operation, name) in schemas {
      #expect(
        try properties(name) == Set(operation.fields.fields.map(\.name.description)), "\(name)")
    }
    #expect(try properties("AdminSetStock") == properties("SetStock").union(["store_id"]))
    #expect(try properties("AdminAdjustStock") == properties("AdjustStock").union(["store_id"]))
  }

  @Test("every field of a request is one that the engine reads")
  func knownFields() throws {
    let known = Set(Field.allCases.map(\.name.description))
    let bodies = [
      "SetStock", "AdjustStock", "ReserveStock", "TakeReserved", "TransferStock", "BatchStock",
      "PutEntry", "HoldCart", "CartLine", "ExtendReservation", "ReservationLines", "PutStore",
      "PutProduct", "PurchaseLimit",
    ]
    for body in bodies { #expect(try properties(body).isSubset(of: known), "\(body)") }
  }

  @Test("bounds are the engine's")
  func bounds() throws {
    func bound(_ path: String) -> Int? { part("components/schemas/" + path)?.int }
    #expect(bound("Id/maximum") == Int(Bounds.maxID))
    #expect(bound("Quantity/maximum") == Int(Bounds.maxQuantity))
    #expect(bound("Amount/maximum") == Int(Bounds.maxQuantity))
    #expect(bound("Signed/minimum") == -Int(Bounds.maxQuantity))
    #expect(bound("Note/maxLength") == Bounds.maxNoteBytes)
    #expect(bound("Reference/maxLength") == Bounds.maxReferenceBytes)
    #expect(bound("Name/maxLength") == StoreForm.maxNameBytes)
    #expect(bound("PutProduct/properties/title/maxLength") == Bounds.maxTitleBytes)
    #expect(bound("PutProduct/properties/sku/maxLength") == Bounds.maxSKUBytes)
    #expect(bound("BatchStock/properties/operations/maxItems") == Bounds.maxOperationsPerRequest)
    #expect(bound("HoldCart/properties/lines/maxItems") == Bounds.maxLinesPerHold)
    for schema in ["HoldCart", "ExtendReservation"] {
      let seconds = Int(Bounds.timeToLive.lowerBound)...Int(Bounds.timeToLive.upperBound)
      #expect(bound("\(schema)/properties/ttl_seconds/minimum") == seconds.lowerBound / 1_000)
      #expect(bound("\(schema)/properties/ttl_seconds/maximum") == seconds.upperBound / 1_000)
    }
    #expect(
      bound("HoldCart/properties/ttl_seconds/default") == Int(HoldForm.defaultTTLSeconds))
    #expect(bound("ProductStock/properties/locations/maxItems") == Bounds.maxLocationsPerProduct)
    #expect(
      bound("PutStore/properties/location_priority/maxItems") == Bounds.maxLocationsPerProduct)
    #expect(bound("Shard/maximum") == Bounds.maxShards - 1)
    let limit = part("components/parameters/Limit/schema")
    #expect(limit?["maximum"]?.int == Int(ListQueries.limits.upperBound))
    #expect(limit?["default"]?.int == Int(ListQueries.defaultLimit))
  }

  @Test("what kinds, statuses and strategies there are")
  func lists() throws {
    func values(_ name: String) throws -> Set<String> {
      Set(try schema(name)["enum"]?.sequence?.compactMap(\.string) ?? [])
    }
    #expect(try values("MovementKind") == Set(Movement.Kind.allCases.map(\.name)))
    #expect(try values("ReservationStatus") == ["held", "fulfilled", "released", "expired"])
    for name in try values("ReservationStatus") { #expect(HoldStatus(name: name) != nil) }
    for name in try values("ProductType") { #expect(ProductType(name: name) != nil) }
    for name in try values("Strategy") { #expect(Allocation.Strategy(rawValue: name) != nil) }
  }
}
