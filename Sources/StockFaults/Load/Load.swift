import Synchronization

/// Clients that change stock at random, and go on through every error until they are told to stop.
public struct Load: Sendable {
  public struct Plan: Sendable {
    /// Half of all changes go to these.
    public var hotProducts: [Int64]
    public var coldProducts: [Int64]
    public var locations: [String]
    /// Clients at the same time. Each waits for its answer before it asks for the next thing.
    public var workers = 24
    /// Operations of a batch request at most.
    public var largestBatch = 50
    /// Between two requests of a worker: bounds the load, for the machine has other work.
    public var pause: Duration = .milliseconds(4)
    public var seed: UInt64 = 1
    /// Reservations have ids of the clients' choice, which the ledger then tells.
    public var namesReservations = false

    public init(hotProducts: [Int64], coldProducts: [Int64], locations: [String]) {
      self.hotProducts = hotProducts
      self.coldProducts = coldProducts
      self.locations = locations
    }

    public var products: [Int64] { hotProducts + coldProducts }
  }

  private let plan: Plan
  private let client: RecordingClient
  private let stop = StopSign()

  public init(_ plan: Plan, _ client: RecordingClient) {
    self.plan = plan
    self.client = client
  }

  /// Runs until `body` has returned and every request has ended.
  public func run<Value: Sendable>(
    while body: @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<plan.workers {
        let seed = plan.seed &* 0x1_0000_01B3 &+ UInt64(worker)
        group.addTask { await self.work(SeededRandom(seed: seed)) }
      }
      do {
        let value = try await body()
        stop.set()
        try await group.waitForAll()
        return value
      } catch {
        stop.set()
        throw error
      }
    }
  }

  private func work(_ random: SeededRandom) async {
    var random = random
    while !stop.isSet {
      let ok: Bool
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<8:
        ok = await client.read(product: product(&random))
      case 8..<16:
        let count = Int.random(in: 2...plan.largestBatch, using: &random)
        let changes = (0..<count).map { _ in change(&random) }
        ok = await client.send(changes).contains { $0.isJudged }
      case 16..<22:
        ok = await shop(&random)
      default:
        let (key, change) = change(&random)
        ok = await client.send(change, on: key).isJudged
      }
      // Nobody answers: no need to ask at full speed.
      try? await Task.sleep(for: ok ? plan.pause : .milliseconds(20))
    }
  }

  /// A reservation of a few lines, which then is shipped, given back, or kept.
  private func shop(_ random: inout SeededRandom) async -> Bool {
    var lines: [EntryKey: Int64] = [:]
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let key = EntryKey(product(&random), plan.locations.randomElement(using: &random) ?? "A")
      lines[key] = Int64.random(in: 1...3, using: &random)
    }
    let order = "load-\(random.next())"
    let cart = Cart(order: order, lines: lines, id: plan.namesReservations ? order : nil)
    let (ending, id) = await client.hold(cart)
    guard let id else { return ending.isJudged }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return true
    case 1: return await client.end(id, cart, byShipping: false).isJudged
    default: return await client.end(id, cart, byShipping: true).isJudged
    }
  }

  private func product(_ random: inout SeededRandom) -> Int64 {
    let isHot = plan.coldProducts.isEmpty || Bool.random(using: &random)
    let some = isHot ? plan.hotProducts : plan.coldProducts
    return some.randomElement(using: &random) ?? 1
  }

  private func change(_ random: inout SeededRandom) -> (EntryKey, Change) {
    let key = EntryKey(product(&random), plan.locations.randomElement(using: &random) ?? "A")
    let units = Int64.random(in: 1...5, using: &random)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<42: return (key, .reserve(units))
    case 42..<58: return (key, .release(units))
    case 58..<72: return (key, .fulfill(units))
    case 72..<80: return (key, .adjust(units * 2))
    case 80..<86: return (key, .adjust(-units))
    case 86..<92:
      // Always with the version that we believe in: so the answer tells whether it made a new one.
      let known = client.history.latest(key)
      let quantity = max(0, (known?.quantity ?? 50) + Int64.random(in: -10...10, using: &random))
      return (key, .set(quantity, expectedVersion: known?.version ?? 1))
    default:
      let others = plan.locations.filter { $0 != key.location }
      guard let to = others.randomElement(using: &random) else { return (key, .reserve(units)) }
      return (key, .transfer(units, to: to))
    }
  }
}

extension Ending {
  /// The engine said yes or no.
  public var isJudged: Bool {
    switch self {
    case .accepted, .done, .refused, .wrong: true
    case .notDone, .unknown: false
    }
  }

  var isRefused: Bool {
    if case .refused = self { true } else { false }
  }

  public var isAccepted: Bool {
    switch self {
    case .accepted, .done: true
    case .refused, .notDone, .unknown, .wrong: false
    }
  }
}

/// Tells many tasks to stop.
final class StopSign: Sendable {
  private let flag = Atomic(false)

  func set() { flag.store(true, ordering: .relaxed) }
  var isSet: Bool { flag.load(ordering: .relaxed) }
}
