/// What `stock bench` can ask of an engine.
public enum BenchScenario: String, CaseIterable, Sendable {
  case hot, spread, zipf
  case flashSale = "flash-sale"
  case checkout, cart, batch
  case mixedAdmin = "mixed-admin"

  /// How many products it uses where nothing else is said.
  public var defaultProducts: Int {
    switch self {
    case .hot, .batch: 1
    case .flashSale: 10
    case .spread, .checkout, .cart: 2_000
    case .zipf, .mixedAdmin: 10_000
    }
  }

  /// Units of each product.
  public var defaultStock: Int {
    switch self {
    case .flashSale: 500
    case .hot, .spread, .zipf, .checkout, .cart, .batch, .mixedAdmin: 1_000_000_000
    }
  }

  /// Lines of a reservation at most.
  public var defaultLines: Int {
    switch self {
    case .cart: 20
    case .hot, .spread, .zipf, .flashSale, .checkout, .batch, .mixedAdmin: 1
    }
  }
}

/// How the load is made, whatever it asks.
public struct LoadOptions: Sendable {
  public var connections = 128
  /// Each with a part of the connections.
  public var threads = 1
  /// Requests under way on one connection at most.
  public var pipeline = 1
  /// Requests a second, due on a fixed schedule (open loop); nil: each connection asks as soon as it
  /// has its answer (closed loop).
  public var rate: Double?
  /// Requests of an open loop come at random times instead of even ones.
  public var isPoisson = false
  /// Seconds that are measured.
  public var seconds = 10.0
  /// Seconds before.
  public var warmup = 2.0
  public var seed: UInt64 = 1
  /// Processes whose time counts as the engine's.
  public var enginePIDs: [Int32] = []
  public var redisPIDs: [Int32] = []

  public init() {}
}

/// What is asked.
public struct BenchOptions: Sendable {
  public var scenario: BenchScenario
  public var load = LoadOptions()
  public var products: Int
  /// Units of each product at the start; of a flash sale, for each wave.
  public var stock: Int
  /// Of one batch request.
  public var operations = 100
  /// Lines of a reservation: 1 up to this.
  public var maxLines: Int
  public var zipfExponent = 1.0
  /// Buyers for each unit of a flash sale.
  public var demand = 3.0
  /// Percent of a checkout's reservations.
  public var releaseShare = 15
  public var expireShare = 5
  /// Seconds until those expire. The engine's shortest is 30 unless it was told otherwise.
  public var expireAfter = 30
  /// What the connection beside the reserves gets again and again.
  public var listPaths = AdminLoad.defaultPaths
  /// The engine is new, so nothing is there yet that has to be counted first.
  public var isNewEngine = false

  /// Their ids have a fixed number of digits.
  public static let maxProducts = BenchStage.maxProducts

  public init(_ scenario: BenchScenario) {
    self.scenario = scenario
    products = scenario.defaultProducts
    stock = scenario.defaultStock
    maxLines = scenario.defaultLines
  }
}
