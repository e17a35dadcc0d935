public import StockCore

/// Makes random commands over few products, locations and stores with small quantities, so that
/// everything meets everything and refusals are frequent.
public struct CommandGenerator: Sendable {
  /// What the sender believes of an entry: expectations and ids are mostly right by it.
  public struct Belief: Sendable {
    public var id: EntryID
    public var version: Int64
    public var quantity: Int64

    public init(id: EntryID, version: Int64, quantity: Int64) {
      self.id = id
      self.version = version
      self.quantity = quantity
    }
  }

  public var random: SeededRandom
  public let products: [ProductID]
  public let locations = ["A", "B", "C/1", "D D"]
  /// In a hundred: commands with quantities at the bounds.
  public var edges = 3
  /// In a hundred: reads.
  public var reads = 8

  public init(seed: UInt64, products: [ProductID]) {
    self.random = SeededRandom(seed: seed)
    self.products = products
  }

  /// - Parameter belief: what is believed of a product's entry at a location.
  public mutating func next(belief: (ProductID, String) -> Belief?) -> Command {
    Command(scope: scope(), operation: operation(belief))
  }

  private mutating func scope() -> StoreScope {
    switch random.below(10) {
    case 0..<5: .any
    case 5..<9: .only(1)
    default: .only(2)
    }
  }

  private mutating func operation(
    _ belief: (ProductID, String) -> Belief?
  ) -> Command.Operation {
    let product = random.pick(products)
    let location = location()
    let known = belief(product, location)
    if random.chance(reads) {
      switch random.below(3) {
      case 0: return .readEntry(id(known))
      case 1: return .readProduct(product)
      default: return .readSummary(product)
      }
    }
    let amount = EntryAmount(
      product: product, location: random.permille(10) ? "" : location, quantity: quantity())
    switch random.below(100) {
    case 0..<34: return .reserve(amount)
    case 34..<46: return .release(amount)
    case 46..<56: return .fulfill(amount)
    case 56..<66:
      return .set(
        SetStock(
          product: product, location: location, quantity: random.chance(15) ? 0 : threefold(),
          gtin: gtin(), expectedQuantity: random.chance(10) ? known?.quantity ?? 0 : nil,
          expectedVersion: version(known), newProductStore: newStore()))
    case 66..<78:
      let magnitude = quantity()
      return .adjust(
        AdjustStock(
          product: product, location: location,
          quantity: random.chance(35) ? -magnitude : magnitude, expectedVersion: version(known),
          newProductStore: newStore()))
    case 78..<84:
      var to = self.location()
      while to == location { to = self.location() }
      return .transfer(Transfer(product: product, from: location, to: to, quantity: quantity()))
    case 84..<90:
      return .putEntry(
        PutEntry(
          id: id(known), quantity: random.chance(60) ? threefold() : nil,
          reserved: random.chance(30) ? quantity() : nil,
          location: random.chance(40) ? self.location() : nil, gtin: gtin(),
          expectedVersions: versions(known)))
    case 90..<96: return .deleteEntry(id(known), expectedVersions: versions(known))
    default:
      return .putProduct(
        PutProduct(
          id: product, store: random.chance(80) ? 1 : 2,
          type: random.chance(85) ? .physical : random.pick(ProductType.allCases),
          gtin: gtin() ?? .none, title: random.pick(["", "lamp", "chair"]),
          policy: policy(product)))
    }
  }

  private mutating func policy(_ product: ProductID) -> StockPolicy {
    if random.chance(40) { return StockPolicy() }
    var policy = StockPolicy(
      lowStockThreshold: random.chance(50) ? random.within(0...4) : nil,
      safetyStock: random.chance(30) ? random.within(1...3) : 0,
      backorderLimit: random.chance(40) ? random.within(1...5) : 0)
    if random.chance(40) {
      policy.purchaseLimit = PurchaseLimit(
        quantity: random.within(2...6), startsAt: product % 3 == 0 ? 1_800_000_004_000 : 0,
        endsAt: random.pick([.max, .max, 1_800_000_030_000]))
    }
    return policy
  }

  private mutating func location() -> String {
    // One that hardly anybody has an entry at.
    random.permille(5) ? "NOWHERE" : random.pick(locations)
  }

  private mutating func quantity() -> Int64 {
    guard random.chance(edges) else { return random.within(1...5) }
    return (Bounds.maxQuantity - random.within(0...2)) / (random.chance(50) ? 1 : 3)
  }

  private mutating func threefold() -> Int64 { min(quantity() * 3, Bounds.maxQuantity) }

  private mutating func gtin() -> GTIN? {
    random.chance(85) ? nil : random.pick([GTIN.none, GTIN("12345670"), GTIN("0012345678905")])
  }

  private mutating func version(_ known: Belief?) -> Int64? {
    guard random.chance(12) else { return nil }
    return max(0, (known?.version ?? 0) + (random.chance(75) ? 0 : random.within(-1...1)))
  }

  /// One, or where that is odd two, the other being an older one.
  private mutating func versions(_ known: Belief?) -> [Int64]? {
    version(known).map { $0 % 2 == 0 ? [$0] : [$0 / 2, $0] }
  }

  private mutating func newStore() -> StoreID? {
    random.chance(75) ? (random.chance(80) ? 1 : 2) : nil
  }

  private mutating func id(_ known: Belief?) -> EntryID {
    if let known, random.chance(95) { return known.id }
    return random.within(1...60)
  }
}
