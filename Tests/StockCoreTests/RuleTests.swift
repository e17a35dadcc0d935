import StockCore
import Testing

/// The rules, command by command. Each table goes down the command's ladder of refusals, from the
/// first rung to the last: at every step all rungs above are satisfied and, where it can be, those
/// below are not.
@Suite("Rules")
struct RuleTests {
  @Test func reserve() {
    RuleTable.run(
      """
      reserve 1 - 1 -> product_not_found
      product 1 store=1 -> created version=1
      reserve 1 - 1 as=2 -> product_not_found
      reserve 1 - 1 -> location_required
      reserve 1 A 9 -> entry_not_found
      set 1 A 5 -> ok id=1 quantity=5 reserved=0 version=1
      reserve 1 A 6 -> insufficient_stock requested=6 available=5
      reserve 1 A 4 as=1 -> ok quantity=5 reserved=4 available=1 version=2 created=6s updated=8s
      reserve 1 A 2 -> insufficient_stock requested=2 available=1
      reserve 1 A 1 -> ok quantity=5 reserved=5 available=0 version=3
      reserve 1 B 1 -> entry_not_found
      """)
  }

  @Test func release() {
    RuleTable.run(
      """
      release 1 - 1 -> product_not_found
      product 1 store=1 -> created
      release 1 - 1 as=2 -> product_not_found
      release 1 - 1 -> location_required
      release 1 A 1 -> entry_not_found
      set 1 A 5 -> ok
      reserve 1 A 3 -> ok
      release 1 A 4 -> insufficient_reserved requested=4 reserved=3
      release 1 A 2 -> ok quantity=5 reserved=1 available=4 version=3
      release 1 A 1 -> ok quantity=5 reserved=0 version=4
      """)
  }

  @Test func fulfill() {
    RuleTable.run(
      """
      fulfill 1 - 1 -> product_not_found
      product 1 store=1 -> created
      fulfill 1 - 1 as=2 -> product_not_found
      fulfill 1 - 1 -> location_required
      fulfill 1 A 1 -> entry_not_found
      set 1 A 5 -> ok
      reserve 1 A 3 -> ok
      fulfill 1 A 4 -> insufficient_reserved requested=4 reserved=3
      fulfill 1 A 2 -> ok quantity=3 reserved=1 available=2 version=3
      """)
  }

  @Test func set() {
    RuleTable.run(
      """
      set 1 A 5 expected_version=7 -> product_not_found
      set 1 A 5 expected_version=7 store=1 -> version_conflict expected_version=7 actual=0
      set 1 A 5 expected_quantity=7 store=1 -> version_conflict expected_quantity=7 actual=0
      set 1 A 5 expected_version=0 store=1 -> ok id=1 store=1 quantity=5 version=1 gtin=
      set 1 A 5 as=2 store=2 -> product_not_found
      reserve 1 A 3 -> ok version=2
      set 1 A 2 expected_version=1 expected_quantity=4 -> version_conflict expected_version=1 actual=2
      set 1 A 2 expected_version=2 expected_quantity=4 -> version_conflict expected_quantity=4 actual=5
      set 1 A 2 expected_version=2 expected_quantity=5 -> below_reserved requested=2 reserved=3
      set 1 A 3 -> ok quantity=3 reserved=3 version=3 updated=10s
      # the same quantity again is no change
      set 1 A 3 -> ok quantity=3 version=3 updated=10s
      set 1 A 3 gtin=12345670 -> ok quantity=3 version=4 gtin=12345670
      set 1 A 4 -> ok quantity=4 version=5 gtin=12345670
      set 1 A 4 gtin= -> ok version=6 gtin=
      # no more than 2^53 - 1 of a product, all locations together
      set 1 B 9007199254740988 -> quantity_too_large
      set 1 B 9007199254740987 -> ok id=2 location=B quantity=9007199254740987
      set 1 A 5 -> quantity_too_large
      set 1 B 0 -> ok quantity=0
      read_product 1 -> product type=physical store=1 version=1
      """)
  }

  @Test func adjust() {
    RuleTable.run(
      """
      adjust 1 A 5 expected_version=7 -> product_not_found
      adjust 1 A -5 expected_version=7 store=1 -> product_not_found
      adjust 1 A 5 expected_version=7 store=1 -> version_conflict expected_version=7 actual=0
      adjust 1 A 5 store=1 -> ok id=1 store=1 quantity=5 version=1
      adjust 1 A 5 as=2 store=2 -> product_not_found
      adjust 1 B -5 expected_version=7 -> entry_not_found
      reserve 1 A 2 -> ok version=2
      adjust 1 A -4 expected_version=1 -> version_conflict expected_version=1 actual=2
      adjust 1 A -4 expected_version=2 -> insufficient_stock requested=4 available=3
      adjust 1 A -3 -> ok quantity=2 reserved=2 available=0 version=3
      adjust 1 A 9007199254740990 -> quantity_too_large
      adjust 1 B 9007199254740990 -> quantity_too_large
      adjust 1 A 9007199254740989 -> ok quantity=9007199254740991 version=4
      """)
  }

  @Test func transfer() {
    RuleTable.run(
      """
      transfer 1 A B 1 -> product_not_found
      product 1 store=1 -> created
      transfer 1 A B 1 as=2 -> product_not_found
      transfer 1 A B 1 -> entry_not_found
      set 1 A 5 -> ok id=1
      reserve 1 A 2 -> ok
      transfer 1 A B 4 -> insufficient_stock requested=4 available=3
      # both sides change, the other entry is made
      transfer 1 A B 2 -> transferred from.id=1 from.quantity=3 from.version=3 to.id=2 to.quantity=2 to.version=1
      transfer 1 A B 1 -> transferred from.quantity=2 from.reserved=2 to.quantity=3 to.version=2
      transfer 1 B A 3 -> transferred from.quantity=0 to.quantity=5 to.available=3
      transfer 1 C A 1 -> entry_not_found
      """)
  }

  @Test func putEntry() {
    RuleTable.run(
      """
      put 1 quantity=1 -> entry_not_found
      set 1 A 5 store=1 -> ok id=1
      set 1 B 5 -> ok id=2
      put 1 quantity=1 as=2 expected_version=9 -> entry_not_found
      put 1 location=B quantity=1 reserved=2 expected_version=9 -> version_conflict expected_version=9 actual=1
      put 1 quantity=1 expected_version=9,0,8 -> version_conflict expected_version=9 actual=1
      put 1 location=B quantity=1 reserved=2 expected_version=9,1 -> location_taken
      put 1 location=B quantity=1 reserved=2 -> location_taken
      put 1 location=C quantity=1 reserved=2 -> below_reserved requested=1 reserved=2
      put 1 location=C quantity=9007199254740987 reserved=2 -> quantity_too_large
      put 1 location=C quantity=4 reserved=2 -> ok id=1 location=C quantity=4 reserved=2 version=2
      put 1 location=C quantity=4 -> ok version=2
      put 1 quantity=1 -> below_reserved requested=1 reserved=2
      put 1 gtin=0012345678905 -> ok version=3 gtin=0012345678905 quantity=4
      # A is free again
      reserve 1 A 1 -> entry_not_found
      set 1 A 1 -> ok id=3
      put 1 location=A -> location_taken
      """)
  }

  @Test func deleteEntry() {
    RuleTable.run(
      """
      delete 1 -> entry_not_found
      set 1 A 5 store=1 -> ok id=1
      reserve 1 A 2 -> ok
      delete 1 as=2 expected_version=1 -> entry_not_found
      delete 1 expected_version=1 -> version_conflict expected_version=1 actual=2
      delete 1 expected_version=1,3 -> version_conflict expected_version=3 actual=2
      delete 1 expected_version=2 -> entry_in_use reserved=2
      release 1 A 2 -> ok
      delete 1 expected_version=2,3 -> deleted
      delete 1 -> entry_not_found
      read 1 -> entry_not_found
      reserve 1 A 1 -> entry_not_found
      # ids are not used again
      set 1 A 5 -> ok id=2 version=1
      """)
  }

  @Test func putProduct() {
    RuleTable.run(
      """
      product 1 store=1 title=lamp -> created version=1 title=lamp type=physical
      product 1 store=1 title=lamp -> product version=1
      product 1 store=1 title=chair gtin=12345670 -> product version=2 title=chair gtin=12345670
      set 1 A 5 -> ok
      # it moves to another store, with its entries
      product 1 store=2 -> product version=3 store=2
      read 1 as=1 -> entry_not_found
      read 1 as=2 -> ok store=2
      reserve 1 A 1 as=1 -> product_not_found
      """)
  }

  @Test func unlimitedProducts() {
    RuleTable.run(
      """
      product 1 store=1 type=digital -> created type=digital
      reserve 1 - 1000000 as=2 -> product_not_found
      # no entry, no location, no counter
      reserve 1 - 1000000 -> ok id=0 unlimited=true available=999999 reserved=0 version=0
      release 1 A 5 -> ok id=0 location=A unlimited=true
      fulfill 1 A 5 -> ok id=0
      # licence keys may be tracked all the same
      set 1 A 3 -> ok id=1 quantity=3 version=1
      fulfill 1 A 5 -> ok id=1 quantity=3 reserved=0 version=1 available=999999 unlimited=true
      adjust 1 A -4 -> insufficient_stock requested=4 available=3
      summary 1 -> summary entries=1 quantity=3 available=999999
      # and counters move from when it is physical
      product 1 store=1 type=physical -> product type=physical version=2
      reserve 1 A 4 -> insufficient_stock requested=4 available=3
      reserve 1 A 2 -> ok reserved=2 version=2
      # who has units reserved must be able to give them back
      product 1 store=1 type=service -> entry_in_use reserved=2
      product 1 store=2 type=physical -> entry_in_use reserved=2
      release 1 A 2 -> ok reserved=0 version=3
      product 1 store=1 type=service -> product type=service
      release 1 A 2 -> ok reserved=0 version=3
      """)
  }

  @Test func reads() {
    RuleTable.run(
      """
      read 1 -> entry_not_found
      read_product 1 -> product_not_found
      summary 1 -> product_not_found
      set 1 B 5 store=1 -> ok id=1
      set 1 A 7 -> ok id=2
      reserve 1 A 3 -> ok
      read 2 -> ok location=A quantity=7 reserved=3
      read 2 as=2 -> entry_not_found
      read_product 1 as=2 -> product_not_found
      summary 1 as=2 -> product_not_found
      summary 1 -> summary entries=1,2 quantity=12 reserved=3 available=9
      """)
  }

  @Test("a product has at most 1,000 locations, a store 10,000 names, a shard 100,000")
  func capacity() {
    let shard = TestShard()
    for number in 1...Bounds.maxLocationsPerProduct { shard.set(1, "L\(number)", 1) }
    shard.commit()
    #expect(shard.answer(.setStock(1, "L0", 1)) == .refused(.capacityReached(.locationsOfProduct)))
    let transfer = Transfer(product: 1, from: "L1", to: "L0", quantity: 1)
    #expect(shard.answer(.transfer(transfer)) == .refused(.capacityReached(.locationsOfProduct)))

    let names = Bounds.maxLocationsPerShard - Bounds.maxLocationsPerProduct
    func set(_ product: Int, _ location: String, store: Int) -> Command.Operation {
      .set(
        SetStock(
          product: ProductID(product), location: location, quantity: 1,
          newProductStore: StoreID(store)))
    }
    for number in 1...names {
      let before = number + Bounds.maxLocationsPerProduct - 1
      shard.ask(set(number + 1, "N\(number)", store: before / Bounds.maxLocationsPerStore + 1))
      if number % 2_000 == 0 { shard.commit() }
    }
    shard.commit()
    #expect(
      shard.answer(.setStock(2, "ONE MORE", 1)) == .refused(.capacityReached(.locationsOfStore)))
    #expect(
      shard.answer(set(names + 2, "ONE MORE", store: 11))
        == .refused(.capacityReached(.locations)))
    let rename = PutEntry(id: 1, location: "ONE MORE")
    #expect(shard.answer(.putEntry(rename)) == .refused(.capacityReached(.locationsOfStore)))
    guard case .entry = shard.answer(.setStock(2, "L1", 1)) else {
      Issue.record("a known name is still welcome")
      return
    }
  }
}
