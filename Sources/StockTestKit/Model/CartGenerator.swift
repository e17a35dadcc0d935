public import StockCore

/// Makes random commands about holds: few orders and customers, so that holds are found, replaced,
/// shipped in parts and given back.
public struct CartGenerator: Sendable {
  /// A hold's longest time to live, in milliseconds.
  public static let longestTime: Int64 = 20_000

  public var random: SeededRandom
  public let products: [ProductID]
  public let locations = ["A", "B", "C/1", "D D"]
  private var clientIDs = 0

  public init(seed: UInt64, products: [ProductID]) {
    self.random = SeededRandom(seed: seed)
    self.products = products
  }

  /// - Parameter open: holds of which the client knows.
  public mutating func next(open: [Hold]) -> Command {
    let scope = scope()
    // Something has to be there.
    if random.chance(15) { return Command(scope: .any, operation: delivery()) }
    if !open.isEmpty, random.chance(45) {
      let hold = random.pick(open)
      return Command(scope: random.chance(90) ? .any : scope, operation: operation(on: hold))
    }
    if random.chance(12) {
      let lines = lines(hasLocations: true)
      return Command(
        scope: scope, operation: .reserveTogether(AtomicReserve(id: "", lines: lines)))
    }
    if random.chance(8) {
      return Command(
        scope: scope,
        operation: .allocate(
          AllocateStock(
            product: random.pick(products), quantity: random.within(1...6),
            allocation: allocation())))
    }
    return Command(scope: scope, operation: .hold(request(open)))
  }

  private mutating func delivery() -> Command.Operation {
    .adjust(
      AdjustStock(
        product: random.pick(products), location: random.pick(locations),
        quantity: random.within(3...9), newProductStore: 1))
  }

  private mutating func scope() -> StoreScope {
    switch random.below(10) {
    case 0..<3: .any
    case 3..<9: .only(1)
    default: .only(2)
    }
  }

  private mutating func request(_ open: [Hold]) -> HoldRequest {
    var id = ""
    if random.chance(8) {
      clientIDs += random.chance(70) ? 1 : 0
      id = "client-\(clientIDs)"
    }
    // The same lines again, for the same order: the same hold.
    if !open.isEmpty, random.chance(25) {
      let hold = random.pick(open)
      var lines = hold.lines
      if random.chance(50), let first = lines.indices.first {
        lines[first].quantity += random.within(-1...2)
      }
      lines = lines.filter { $0.quantity > 0 }.map {
        HoldLine(product: $0.product, location: $0.location, quantity: $0.quantity)
      }
      if !lines.isEmpty {
        return HoldRequest(
          id: id, isClientID: !id.isEmpty, order: hold.order, customer: hold.customer,
          lines: lines, timeToLive: time(), allocation: allocation())
      }
    }
    return HoldRequest(
      id: id, isClientID: !id.isEmpty, order: "order \(random.below(8))",
      customer: random.pick(["", "anna", "bert"]), lines: lines(hasLocations: false),
      timeToLive: time(), allocation: allocation())
  }

  private mutating func operation(on hold: Hold) -> Command.Operation {
    switch random.below(10) {
    case 0..<2: return .extendHold(hold.id, timeToLive: time())
    case 2..<5: return .fulfillHold(hold.id, amounts(of: hold))
    case 5..<8: return .releaseHold(hold.id, amounts(of: hold))
    default: return .readHold(hold.id)
    }
  }

  private mutating func time() -> Int64 {
    random.chance(50) ? Self.longestTime : random.within(200...4_000)
  }

  private mutating func allocation() -> Allocation {
    Allocation(
      strategy: random.pick(Allocation.Strategy.allCases),
      priority: random.pick([[], ["B"], ["C/1", "A", "NOWHERE"]]))
  }

  /// Sorted, no two of the same product and location.
  private mutating func lines(hasLocations: Bool) -> [HoldLine] {
    var lines: [HoldLine] = []
    for _ in 0..<(1 + random.below(random.chance(80) ? 3 : 6)) {
      let product = random.pick(products)
      let isAnywhere = !hasLocations && random.chance(35)
      let location = isAnywhere ? "" : random.pick(locations)
      if lines.contains(where: { $0.product == product && $0.location == location }) { continue }
      // Of what never runs out there is that much; and again, when it was shipped.
      let quantity =
        random.chance(2) ? Bounds.maxQuantity - random.within(0...2) : random.within(1...3)
      lines.append(HoldLine(product: product, location: location, quantity: quantity))
    }
    return lines.sorted { ($0.product, $0.location) < ($1.product, $1.location) }
  }

  /// nil: all.
  private mutating func amounts(of hold: Hold) -> [HoldAmount]? {
    if random.chance(40) { return nil }
    var amounts: [HoldAmount] = []
    for line in hold.lines where random.chance(60) {
      let quantity = max(1, random.within(0...max(1, line.held)) + (random.chance(5) ? 3 : 0))
      amounts.append(
        HoldAmount(
          product: line.product, location: random.chance(90) ? line.location : "",
          quantity: quantity))
    }
    if amounts.isEmpty || random.chance(3) {
      amounts.append(
        HoldAmount(
          product: random.pick(products), location: random.pick(locations), quantity: 1))
    }
    return amounts
  }
}
