import StockCore
import Testing

@testable import StockHTTP

/// The store endpoints: what becomes of a request, and what of an outcome.
@Suite struct StockTests {
  /// The command that a request becomes, as text.
  private func command(_ method: String, _ path: String, _ body: String?, _ fields: String = "")
    throws -> String
  {
    let wire = try Wire()
    let response = try wire.ask(request(method, path, body, fields))
    guard let submitted = wire.gateway.submitted.first else { return "\(response.errors)" }
    return "\(submitted.command.operation)".replacing("StockCore.", with: "")
  }

  @Test func commands() throws {
    #expect(
      try command("POST", base + "/reserve", #"{"product_id":1,"quantity":2}"#)
        == "allocate(AllocateStock(product: 1, quantity: 2, "
        + "allocation: Allocation(strategy: Allocation.Strategy.priority, priority: [])))")
    #expect(
      try command("POST", base + "/release", #"{"product_id":1,"location":" a ","quantity":2}"#)
        == #"release(EntryAmount(product: 1, location: "A", quantity: 2))"#)
    #expect(
      try command("POST", base + "/fulfill", #"{"product_id":1,"location":"a b","quantity":2}"#)
        == #"fulfill(EntryAmount(product: 1, location: "A B", quantity: 2))"#)
    #expect(
      try command(
        "POST", base + "/transfer", #"{"product_id":1,"from":"a","to":"b","quantity":2}"#)
        == #"transfer(Transfer(product: 1, from: "A", to: "B", quantity: 2))"#)
    #expect(
      try command(
        "POST", base + "/adjust",
        #"{"product_id":1,"location":"a","quantity":-2,"reason":"r","reference":"x","expected_version":3}"#
      )
        == #"adjust(AdjustStock(product: 1, location: "A", quantity: -2, "#
        + #"expectedVersion: Optional(3), newProductStore: Optional(1), "#
        + #"note: MovementNote(reason: "r", reference: "x")))"#)
    #expect(
      try command(
        "POST", base + "/set",
        #"{"product_id":1,"location":"a","quantity":0,"expected_quantity":4,"expected_version":0}"#
      )
        == #"set(SetStock(product: 1, location: "A", quantity: 0, gtin: nil, "#
        + "expectedQuantity: Optional(4), expectedVersion: Optional(0), "
        + #"newProductStore: Optional(1), note: MovementNote(reason: "", reference: ""), "#
        + "isImport: false))")
    #expect(
      try command(
        "POST", base + "/set",
        #"{"product_id":1,"location":"a","quantity":0,"reason":"import"}"#
      ).hasSuffix(#"note: MovementNote(reason: "import", reference: ""), isImport: true))"#))
  }

  @Test func entriesByID() throws {
    #expect(try command("GET", base + "/41", nil) == "readEntry(41)")
    #expect(try command("GET", base + "/product/123", nil) == "readSummary(123)")
    #expect(
      try command("DELETE", base + "/41", nil) == "deleteEntry(41, expectedVersions: nil)")
    #expect(
      try command("DELETE", base + "/41", nil, "If-Match: \"7\"\r\n")
        == "deleteEntry(41, expectedVersions: Optional([7]))")
    #expect(
      try command("DELETE", base + "/41", nil, "If-Match: *\r\n")
        == "deleteEntry(41, expectedVersions: nil)")
    let put = "putEntry(PutEntry(id: 41, quantity: "
    #expect(
      try command("PUT", base + "/41", #"{"quantity":5}"#, "If-Match: \"7\"\r\n")
        == put
        + "Optional(5), reserved: nil, location: nil, gtin: nil, expectedVersions: Optional([7])))"
    )
    #expect(
      try command("PUT", base + "/41", #"{"reserved_quantity":0,"location":"b"}"#)
        == put + #"nil, reserved: Optional(0), location: Optional("B"), gtin: nil, "#
        + "expectedVersions: nil))")
    // null clears the GTIN, which is not the same as leaving it.
    let wire = try Wire()
    _ = try wire.ask(request("PUT", base + "/41", #"{"gtin":null}"#))
    guard case .putEntry(let entry)? = wire.gateway.submitted.first?.command.operation else {
      Issue.record("not a put")
      return
    }
    #expect(entry.gtin == GTIN.none)
  }

  @Test(arguments: [
    (#"{}"#, "body: needs quantity, reserved_quantity, location or gtin"),
    (#"{"quantity":null}"#, "quantity: must be an integer"),
    (#"{"quantity":1,"reserved_quantity":2}"#, "reserved_quantity: must not be more than quantity"),
    (#"{"location":null}"#, "location: must be a string"),
    (#"{"gtin":""}"#, "gtin: must be a string of 8, 12, 13 or 14 digits"),
    (#"{"version":1}"#, "version: is not a known field here"),
  ])
  func badCorrections(_ body: String, _ error: String) throws {
    let response = try Wire().ask(request("PUT", base + "/41", body))
    #expect(response.status == 400)
    #expect(response.errors == [error])
  }

  /// A list of tags, in one header or in several; weak and foreign ones never match.
  @Test(
    arguments: [
      (#""7", "8""#, [7, 8]), (#""8","7""#, [8, 7]), (#", "7" ,, "8","#, [7, 8]),
      (#"W/"7", "8""#, [8]), (#""a", "8", "07", "a,b", """#, [8]), ("\"7\"\t,\t\"8\"", [7, 8]),
      ("\"7\"\r\nIf-Match: W/\"9\", \"8\"", [7, 8]),
    ] as [(String, [Int64])])
  func listsOfTags(_ value: String, _ versions: [Int64]) throws {
    #expect(
      try command("DELETE", base + "/41", nil, "If-Match: \(value)\r\n")
        == "deleteEntry(41, expectedVersions: Optional(\(versions)))")
  }

  @Test(arguments: [
    "7", "W/\"7\"", "\"\"", "\"a\"", "\"07\"", "", ",", "\"7\" \"8\"", "\"7\", 8", "\"7\", \"8",
    "*, \"7\"",
    "\"7\", *", "w/\"7\"", "W/", "\"7 8\"", "*\r\nIf-Match: *",
  ])
  func badPreconditions(_ value: String) throws {
    let wire = try Wire()
    let response = try wire.ask(request("DELETE", base + "/41", nil, "If-Match: \(value)\r\n"))
    #expect(response.status == 400)
    #expect(response.errorFields == ["If-Match"])
    #expect(wire.gateway.submitted.isEmpty)
  }

  @Test func versionsAreTags() throws {
    let wire = try Wire()
    #expect(try wire.ask(request("GET", base + "/41")).fields["etag"] == "\"2\"")
    let put = try wire.ask(request("PUT", base + "/41", #"{"quantity":5}"#))
    #expect(put.fields["etag"] == "\"2\"")
    #expect(put.fields["x-stock-sequence"] == "12")
    let read = try wire.ask(request("GET", base + "/41"))
    #expect(read.fields["x-stock-sequence"] == nil, "a read is no change")
  }

  /// Each refusal: status, code, and what it says.
  @Test(
    arguments: [
      (.productNotFound, 404, "product_not_found", [:]),
      (.entryNotFound, 404, "entry_not_found", [:]),
      (
        .versionConflict(.version(expected: 3, actual: 4)), 409, "version_conflict",
        ["expected": 3, "actual": 4]
      ),
      (
        .versionConflict(.quantity(expected: 3, actual: 4)), 409, "version_conflict",
        ["expected": 3, "actual": 4]
      ),
      (
        .insufficientStock(requested: 5, available: 2), 409, "insufficient_stock",
        ["requested": 5, "available": 2]
      ),
      (
        .insufficientReserved(requested: 5, reserved: 2), 409, "insufficient_reserved",
        ["requested": 5, "reserved": 2]
      ),
      (
        .belowReserved(requested: 5, reserved: 2), 409, "below_reserved",
        ["requested": 5, "reserved": 2]
      ),
      (.locationTaken, 409, "location_taken", [:]),
      (.entryInUse(reserved: 2), 409, "entry_in_use", ["reserved": 2]),
      (.capacityReached(.locationsOfProduct), 409, "too_many_locations", [:]),
      (.capacityReached(.locationsOfStore), 409, "too_many_locations", [:]),
      (.capacityReached(.locations), 503, "overloaded", [:]),
      (.capacityReached(.products), 503, "overloaded", [:]),
      (.capacityReached(.entries), 503, "overloaded", [:]),
      (.capacityReached(.holds), 503, "overloaded", [:]),
      (
        .purchaseLimit(requested: 3, limit: 2, had: 1), 409, "purchase_limit",
        ["requested": 3, "limit": 2, "had": 1]
      ),
      (.holdNotFound, 404, "reservation_not_found", [:]),
      (.holdClosed(.expired), 409, "reservation_closed", [:]),
      (.holdIDTaken, 409, "reservation_exists", [:]),
      (.customerRequired, 400, "invalid_request", [:]),
      (.lineNotFound(product: 1, location: "A"), 400, "invalid_request", [:]),
    ] as [(Refusal, Int, String, [String: Int])])
  func refusals(_ refusal: Refusal, _ status: Int, _ code: String, _ numbers: [String: Int]) throws
  {
    let wire = try Wire(judge: { _ in .refused(refusal) })
    let response = try wire.ask(request("POST", base + "/reserve", reserveBody))
    #expect(response.status == status)
    #expect(response.fields["content-type"] == "application/problem+json")
    #expect(response.fields["retry-after"] == (status == 503 ? "1" : nil))
    #expect(response.fields["x-stock-sequence"] == "12")
    #expect(response.code == code)
    #expect(response.json["status"] as? Int == status)
    #expect(response.json["type"] as? String == "/docs/errors#\(code)")
    #expect((response.json["title"] as? String)?.isEmpty == false)
    #expect((response.json["detail"] as? String)?.hasSuffix(".") == true)
    #expect(response.json["product_id"] as? Int == 123)
    #expect(response.json["location"] as? String == "WAREHOUSE_A")
    for (name, value) in numbers { #expect(response.json[name] as? Int == value) }
  }

  @Test func refusalsOfAField() throws {
    let location = try Wire(judge: { _ in .refused(.locationRequired) })
    let first = try location.ask(
      request("POST", base + "/reserve", #"{"product_id":1,"quantity":1}"#))
    #expect(first.status == 400 && first.code == "invalid_request")
    #expect(first.errors == ["location: is required for a physical product"])
    let quantity = try Wire(judge: { _ in .refused(.quantityTooLarge) })
    let second = try quantity.ask(request("POST", base + "/reserve", reserveBody))
    #expect(second.status == 400 && second.errorFields == ["quantity"])
  }

  @Test(
    arguments: [
      (.overloaded, "overloaded"), (.storeUnavailable, "store_unavailable"),
      (.outcomeUnknown, "outcome_unknown"),
    ] as [(Unavailability, String)])
  func unavailabilities(_ reason: Unavailability, _ code: String) throws {
    let wire = try Wire(judge: { _ in .unavailable(reason) })
    let response = try wire.ask(request("POST", base + "/reserve", reserveBody))
    #expect(response.status == 503 && response.code == code)
    #expect(response.fields["retry-after"] == "1")
    #expect(response.fields["x-stock-sequence"] == nil)
  }

  @Test func otherOutcomes() throws {
    let transfer = try Wire(judge: { _ in .transferred(from: entry(id: 1), to: entry(id: 2)) })
    let body = #"{"product_id":1,"from":"a","to":"b","quantity":2}"#
    let moved = try transfer.ask(request("POST", base + "/transfer", body))
    #expect((moved.json["from"] as? [String: Any])?["id"] as? Int == 1)
    #expect((moved.json["to"] as? [String: Any])?["id"] as? Int == 2)

    let deletion = try Wire(judge: { _ in .deleted })
    let deleted = try deletion.ask(request("DELETE", base + "/41"))
    #expect(deleted.status == 204 && deleted.body.isEmpty)
    #expect(deleted.fields["content-length"] == nil && deleted.fields["content-type"] == nil)
    #expect(deleted.fields["x-stock-shard"] == "3")
    #expect(deletion.isOpen)
  }

  @Test func errorsOfTheFormNameWhatIsKnown() throws {
    let wire = try Wire()
    let response = try wire.ask(
      request("POST", base + "/reserve", #"{"product_id":9,"location":"b","quantity":0}"#))
    #expect(response.status == 400)
    #expect(response.json["product_id"] as? Int == 9)
    #expect(response.json["location"] as? String == "B")
    #expect(response.errorFields == ["quantity"])
    let broken = try wire.ask(request("POST", base + "/reserve", #"{"product_id":9"#))
    #expect(broken.errorFields == ["body"])
    #expect(wire.gateway.submitted.isEmpty)
  }

  @Test func productsOfTheCatalogue() throws {
    let value = ProductValue(store: 7, type: .digital, createdAt: 0, updatedAt: 0)
    let wire = try Wire(judge: { command in
      if case .putProduct(let put) = command.operation, put.title == "new" {
        return .productCreated(ProductSnapshot(id: 5, value: value))
      }
      return .product(ProductSnapshot(id: 5, value: value))
    })
    func put(_ body: String) throws -> Response {
      try wire.ask(request("PUT", "/api/v1/admin/products/5", body))
    }
    #expect(try put(#"{"store_id":7,"title":"new"}"#).status == 201)
    let replaced = try put(#"{"store_id":7,"is_digital":true}"#)
    #expect(replaced.status == 200)
    #expect(replaced.json["product_type"] as? String == "digital")
    #expect(replaced.json["is_digital"] as? Bool == true)
    let types = wire.gateway.submitted.map { submitted -> ProductType? in
      if case .putProduct(let put) = submitted.command.operation { put.type } else { nil }
    }
    #expect(types == [.physical, .digital])
    #expect(try wire.ask(request("GET", "/api/v1/admin/products/5")).status == 200)

    #expect(
      try put(#"{"store_id":8}"#).errors == ["store_id: names a store that does not exist: 8"])
    #expect(try put(#"{}"#).errors == ["store_id: is required"])
    for contradiction in [
      #""physical","is_digital":true"#, #""digital","is_digital":false"#,
      #""service","is_digital":false"#,
    ] {
      #expect(
        try put(#"{"store_id":7,"product_type":\#(contradiction)}"#).errors
          == ["is_digital: contradicts product_type"])
    }
    #expect(try put(#"{"store_id":7,"product_type":"x"}"#).errorFields == ["product_type"])
    #expect(
      try put(#"{"store_id":7,"is_digital":1}"#).errors == ["is_digital: must be true or false"])
    #expect(try put(#"{"store_id":7,"title":null}"#).errors == ["title: must be a string"])
    let long = String(repeating: "a", count: Bounds.maxSKUBytes + 1)
    #expect(
      try put(#"{"store_id":7,"sku":"\#(long)"}"#).errors == ["sku: must have at most 128 bytes"])
  }
}
