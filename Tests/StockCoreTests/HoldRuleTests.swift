import StockCore
import Testing

/// The rules of holds, whose lines are all on one shard.
@Suite("Rules of holds")
struct HoldRuleTests {
  @Test func makesAndFinds() {
    RuleTable.run(
      """
      hold o1 1@A:2 -> lines_refused 1@A:product_not_found
      set 1 A 5 store=1 -> ok
      hold o1 1@A:2 as=2 -> lines_refused 1@A:product_not_found
      hold o1 1@B:2 -> lines_refused 1@B:entry_not_found
      hold o1 1@A:6 -> lines_refused 1@A:insufficient_stock 1@A:requested=6 1@A:available=5
      hold o1 1@A:2 as=1 ttl=60 -> held_new id=r0-5 order=o1 store=1 status=held lines=1@A:2/2 revision=1 created=6s expires=66s
      read 1 -> ok reserved=2 available=3
      # the same lines: the same hold, untouched
      hold o1 1@A:2 as=1 ttl=600 -> held id=r0-5 revision=1 expires=66s
      # another store's order is another order
      hold o1 1@A:1 -> held_new id=r0-7 store=0
      read_hold r0-5 as=1 -> held id=r0-5
      read_hold r0-7 as=1 -> hold_not_found
      read_hold r0-9 -> hold_not_found
      """)
  }

  @Test("every line that is short is told, and nothing is taken")
  func tellsAllThatIsShort() {
    RuleTable.run(
      """
      set 1 A 5 store=1 -> ok
      set 2 A 1 store=1 -> ok
      hold o1 1@A:9 1@B:1 2@A:3 3@A:1 -> lines_refused 1@A:requested=9 1@A:available=5 1@B:entry_not_found 2@A:requested=3 2@A:available=1 3@A:product_not_found
      hold o1 1@A:5 2@A:2 -> lines_refused 2@A:requested=2 2@A:available=1
      read 1 -> ok reserved=0
      read 2 -> ok reserved=0
      """)
  }

  @Test("other lines replace those of the order's hold in one step")
  func replaces() {
    RuleTable.run(
      """
      set 1 A 5 store=1 -> ok id=1
      set 1 B 2 -> ok id=2
      hold o1 1@A:4 ttl=60 -> held_new id=r0-1 lines=1@A:4/4
      # what it has itself is available to it
      hold o1 1@A:6 -> lines_refused 1@A:requested=6 1@A:available=5
      hold o1 1@A:5 1@B:1 ttl=90 -> held id=r0-1 lines=1@A:5/5,1@B:1/1 revision=2 expires=95s
      hold o1 1@B:2 -> held id=r0-1 lines=1@B:2/2 revision=3
      read 1 -> ok reserved=0
      # what was shipped stays in its books
      fulfill_hold r0-1 1@B:1 -> held lines=1@B:1/2+1
      hold o1 1@A:3 -> held id=r0-1 lines=1@A:3/3,1@B:0/1+1
      read 2 -> ok quantity=1 reserved=0
      """)
  }

  @Test func shipsAndGivesBackInParts() {
    RuleTable.run(
      """
      fulfill_hold r0-1 -> hold_not_found
      set 1 A 9 store=1 -> ok id=1
      hold o1 1@A:6 as=1 -> held_new id=r0-1
      fulfill_hold r0-1 1@A:1 as=2 -> hold_not_found
      fulfill_hold r0-1 1@B:1 -> line_not_found line=1@B
      fulfill_hold r0-1 1@A:7 -> lines_refused 1@A:insufficient_reserved 1@A:requested=7 1@A:reserved=6
      fulfill_hold r0-1 1@A:2 as=1 -> held status=held lines=1@A:4/6+2
      release_hold r0-1 1@A:1 -> held status=held lines=1@A:3/6+2
      read 1 -> ok quantity=7 reserved=3
      fulfill_hold r0-1 -> held status=fulfilled lines=1@A:0/6+5
      read 1 -> ok quantity=4 reserved=0
      # the same answer to who asks for what happened, else it is closed
      fulfill_hold r0-1 1@A:5 -> held status=fulfilled revision=4
      fulfill_hold r0-1 -> held status=fulfilled revision=4
      fulfill_hold r0-1 1@A:6 -> hold_closed status=fulfilled
      release_hold r0-1 -> hold_closed status=fulfilled
      extend r0-1 -> hold_closed status=fulfilled
      # the order may have another hold
      hold o1 1@A:1 as=1 -> held_new id=r0-2
      release_hold r0-2 -> held status=released lines=1@A:0/1
      release_hold r0-2 -> held status=released
      fulfill_hold r0-2 -> hold_closed status=released
      """)
  }

  @Test("what is shipped does not need its entry any more")
  func entryOfShippedLineGoes() {
    RuleTable.run(
      """
      set 1 A 1 store=1 -> ok id=1
      set 1 B 5 -> ok id=2
      hold o1 1@A:1 1@B:3 -> held_new id=r0-1
      fulfill_hold r0-1 1@A:1 -> held
      delete 1 -> deleted
      fulfill_hold r0-1 1@B:1 -> held lines=1@A:0/1+1,1@B:2/3+1
      hold o1 1@B:1 -> held lines=1@A:0/1+1,1@B:1/2+1
      release_hold r0-1 -> held status=released
      """)
  }

  @Test func ends() {
    RuleTable.run(
      """
      set 1 A 2 store=1 -> ok
      hold o1 1@A:2 ttl=30 -> held_new expires=32s
      reserve 1 A 1 -> insufficient_stock requested=1 available=0
      extend r0-1 ttl=60 -> held expires=64s revision=2
      wait 40
      # at 45 s it is still held
      reserve 1 A 1 -> insufficient_stock available=0
      wait 17
      reserve 1 A 1 -> insufficient_stock available=0
      # at 64 s the units are anybody's
      reserve 1 A 2 -> ok reserved=2
      read_hold r0-1 -> held status=expired lines=1@A:0/2 revision=3
      fulfill_hold r0-1 -> hold_closed status=expired
      release_hold r0-1 -> hold_closed status=expired
      extend r0-1 -> hold_closed status=expired
      """)
  }

  @Test("what a hold keeps leaves by the hold alone")
  func keepsItsUnits() {
    RuleTable.run(
      """
      set 1 A 5 store=1 -> ok id=1
      reserve 1 A 1 -> ok
      hold o1 1@A:2 -> held_new
      release 1 A 2 -> insufficient_reserved requested=2 reserved=1
      fulfill 1 A 2 -> insufficient_reserved requested=2 reserved=1
      put 1 reserved=1 -> entry_in_use reserved=2
      put 1 location=B -> entry_in_use reserved=2
      set 1 A 2 -> below_reserved requested=2 reserved=3
      delete 1 -> entry_in_use reserved=3
      product 1 store=1 type=digital -> entry_in_use reserved=3
      release 1 A 1 -> ok reserved=2
      put 1 reserved=2 -> ok
      """)
  }

  @Test func clientIDs() {
    RuleTable.run(
      """
      set 1 A 5 store=1 -> ok
      hold o1 1@A:1 id=cart-7 -> held_new id=cart-7
      hold o1 1@A:1 id=cart-7 -> held id=cart-7 revision=1
      hold o2 1@A:1 id=cart-7 -> hold_id_taken
      hold o1 1@A:2 id=cart-8 -> held id=cart-7 revision=2
      release_hold cart-7 -> held status=released
      hold o1 1@A:1 id=cart-7 -> hold_closed status=released
      hold o1 1@A:1 id=cart-8 -> held_new id=cart-8
      """)
  }

  @Test func allocation() {
    RuleTable.run(
      """
      allocate 1 1 -> product_not_found
      product 1 store=1 -> created
      allocate 1 1 -> entry_not_found
      set 1 A 2 -> ok
      set 1 B 5 -> ok
      set 1 C 3 -> ok
      allocate 1 11 -> insufficient_stock requested=11 available=10
      # in the store's order, the others by their ids
      allocate 1 4 priority=C -> allocated lines=C:3,A:1
      release 1 A 1 -> ok
      release 1 C 3 -> ok
      allocate 1 6 strategy=highest_stock -> allocated lines=B:5,C:1
      release 1 B 5 -> ok
      release 1 C 1 -> ok
      allocate 1 3 strategy=single_location priority=A,C,B -> allocated lines=C:3
      allocate 1 6 strategy=single_location -> insufficient_stock requested=6 available=5
      # a line without a place has what the others leave
      hold o1 1@-:4 1@B:2 -> held_new lines=1@A:2/2,1@B:4/4
      hold o1 1@-:4 1@B:2 -> held revision=1
      hold o2 1@-:2 -> lines_refused 1@-:requested=2 1@-:available=1
      """)
  }

  @Test func atomicBatches() {
    RuleTable.run(
      """
      set 1 A 5 store=1 -> ok
      set 2 A 1 store=1 -> ok
      together 1@A:2 2@A:2 -> lines_refused 2@A:requested=2 2@A:available=1
      together 1@A:2 2@A:1 -> together entries=1@A:2,2@A:1
      # nobody's hold: free to be released
      release 1 A 2 -> ok reserved=0
      read_hold r0-2 -> hold_not_found
      """)
  }

  @Test("safety stock is kept out, a backorder limit lets so much be owed")
  func policies() {
    RuleTable.run(
      """
      product 1 store=1 safety=2 -> created
      set 1 A 5 -> ok
      reserve 1 A 4 -> insufficient_stock requested=4 available=3
      reserve 1 A 3 -> ok available=2
      hold o1 1@A:1 -> lines_refused 1@A:requested=1 1@A:available=0
      release 1 A 3 -> ok
      product 1 store=1 backorder=3 -> product
      hold o1 1@A:9 -> lines_refused 1@A:requested=9 1@A:available=8
      hold o1 1@A:8 -> held_new id=r0-3
      read 1 -> ok quantity=5 reserved=8 available=-3
      # to ship needs that it is there
      fulfill_hold r0-3 -> lines_refused 1@A:insufficient_stock 1@A:requested=8 1@A:available=5
      fulfill_hold r0-3 1@A:5 -> held lines=1@A:3/8+5
      set 1 A 3 -> ok
      fulfill_hold r0-3 -> held status=fulfilled
      # a policy that becomes stricter takes nothing from anybody
      reserve 1 A 3 -> ok available=-3
      product 1 store=1 -> product
      reserve 1 A 1 -> insufficient_stock requested=1 available=0
      release 1 A 1 -> ok available=-2
      adjust 1 A 1 -> ok available=-1
      """)
  }

  @Test func purchaseLimits() {
    RuleTable.run(
      """
      product 1 store=1 limit=3 until=100 -> created
      set 1 A 20 -> ok
      set 1 B 9 -> ok
      hold o1 1@A:1 -> lines_refused 1@A:customer_required
      hold o1 1@A:2 customer=eve -> held_new id=r0-2
      hold o2 1@A:2 customer=eve -> lines_refused 1@A:purchase_limit 1@A:requested=2 1@A:limit=3 1@A:had=2
      # all lines of a product together
      hold o2 1@A:1 1@B:1 customer=eve -> lines_refused 1@A:requested=2 1@A:had=2 1@B:requested=2 1@B:had=2
      hold o2 1@A:1 customer=eve -> held_new
      hold o3 1@A:3 customer=bob -> held_new id=r0-6
      # what moves within an order does not count twice
      hold o3 1@B:3 customer=bob -> held id=r0-6 lines=1@B:3/3
      hold o3 1@A:2 1@B:1 customer=bob -> held lines=1@A:2/2,1@B:1/1
      hold o3 1@A:1 1@B:2 customer=bob -> held lines=1@A:1/1,1@B:2/2
      # given back: again; shipped: not
      release_hold r0-2 1@A:1 -> held
      hold o4 1@A:1 customer=eve -> held_new
      fulfill_hold r0-2 -> held status=fulfilled
      hold o5 1@A:1 customer=eve -> lines_refused 1@A:had=3
      # a reserve without a name is not counted
      reserve 1 A 4 -> ok
      together 1@A:1 -> together
      wait 90
      hold o5 1@A:1 customer=eve -> held_new
      """)
  }

  @Test("a line made before a sale counts from when it takes more in the sale")
  func limitComesLater() {
    RuleTable.run(
      """
      set 1 A 9 store=1 -> ok
      hold o1 1@A:3 customer=eve -> held_new id=r0-1
      product 1 store=1 limit=3 -> product
      hold o1 1@A:4 customer=eve -> lines_refused 1@A:requested=4 1@A:limit=3 1@A:had=0
      hold o1 1@A:2 customer=eve -> held lines=1@A:2/2
      hold o1 1@A:3 customer=eve -> held lines=1@A:3/3
      hold o2 1@A:1 customer=eve -> lines_refused 1@A:had=3
      """)
  }

  @Test("products that never run out are held, and move nothing")
  func unlimited() {
    RuleTable.run(
      """
      product 1 store=1 type=digital -> created
      hold o1 1@-:3 -> held_new id=r0-1
      fulfill_hold r0-1 1@-:1 -> held status=held
      # it may run out now: the next lines are real units
      product 1 store=1 type=physical -> product
      set 1 A 4 -> ok
      hold o1 1@-:2 -> held
      read 1 -> ok quantity=4 reserved=2
      release_hold r0-1 -> held status=released
      read 1 -> ok quantity=4 reserved=0
      """)
  }

  @Test("units are counted beside what was shipped when the product never ran out")
  func unlimitedBecomesPhysical() {
    RuleTable.run(
      """
      product 1 store=1 type=digital -> created
      hold o1 1@A:2 1@B:2 -> held_new id=r0-1
      fulfill_hold r0-1 1@A:1 1@B:1 -> held lines=1@A:1/2+1,1@B:1/2+1
      product 1 store=1 type=physical -> product
      set 1 A 9 -> ok id=1
      set 1 B 4 -> ok id=2
      hold o1 1@-:4 1@B:1 strategy=highest_stock -> held lines=1@A:4/5+1,1@B:1/2+1
      read 1 -> ok quantity=9 reserved=4
      read 2 -> ok quantity=4 reserved=1
      fulfill_hold r0-1 -> held status=fulfilled
      read 1 -> ok quantity=5 reserved=0
      read 2 -> ok quantity=3 reserved=0
      """)
  }

  @Test func idempotencyKeys() {
    RuleTable.run(
      """
      set 1 A 5 store=1 -> ok
      reserve 1 A 2 key=k1 -> ok reserved=2
      reserve 1 A 2 key=k1 -> replay
      reserve 1 A 3 key=k1 -> idempotency_mismatch
      read 1 -> ok reserved=2
      # refusals that rest on stock are kept as well
      reserve 1 A 9 key=k2 -> insufficient_stock
      adjust 1 A 20 -> ok
      reserve 1 A 9 key=k2 -> replay
      hold o1 1@A:1 key=k3 -> held_new
      hold o1 1@A:1 key=k3 -> replay
      """)
  }
}
