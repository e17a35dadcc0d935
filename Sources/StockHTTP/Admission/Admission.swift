import StockCore

/// Decides which requests a loop takes, when there is more to do than can be done.
///
/// What is counted is requests under way: taken, and not answered. Each waits for all those before it,
/// so their number bounds how long an answer takes. There are three rules, from gentle to hard:
///
/// 1. Below `busy` everything is taken.
/// 2. From there on reads are refused; so is a change that came before its connection's last one was
///    answered, and one of a store that has more than its share of `busy` while others have some, too.
///    So neither who sends without waiting nor one store's flood takes the time of others.
/// 3. A store that is alone stops at `limitOfOne`, so that there is room for the share of one that comes;
///    all changes stop at `limitOfChanges`, and what gives stock back at `limit`.
///
/// Ten thousand buyers who each wait for their answer are under all of it, and are served.
/// A refusal costs a fraction of what an answer costs: it is made before the body is looked at.
struct Admission {
  /// Requests under way from which on it is said who may go on.
  static let busy = 8_192
  /// Changes of a store that has the engine to itself.
  static let limitOfOne = 12_288
  static let limitOfChanges = 14_336
  static let limit = 16_384
  /// A store's share is never less: so many are done in some milliseconds.
  static let smallestShare = 64
  /// Bytes of a body that count as one request more: a batch is many.
  static let bytesPerRequest = 4_096

  /// What a request that was taken has to give back.
  struct Load: Equatable {
    fileprivate var place: Int32 = -1
    fileprivate var weight: Int32 = 0

    /// Of a request that was not taken, or is answered.
    static let none = Load()
  }

  private(set) var underWay = 0
  /// Stores that have requests under way.
  private(set) var activeStores = 0
  private var places: [StoreID: Int] = [:]
  private var counts: [Int] = []
  private var lastStore: StoreID?
  private var lastPlace = -1

  /// - Parameters:
  ///   - store: whose the request is; 0 for who has all.
  ///   - isFirst: nothing else of its connection is under way.
  ///   - bodyBytes: of its body.
  /// - Returns: what `finish` has to be given; nil: it is refused, and nothing is counted.
  mutating func take(
    _ urgency: Urgency, store: StoreID, isFirst: Bool, bodyBytes: Int
  ) -> Load? {
    if urgency == .watch { return Load.none }
    let place = place(of: store)
    guard underWay < Self.busy || mayTake(urgency, place, isFirst) else { return nil }
    let weight = 1 + bodyBytes / Self.bytesPerRequest
    underWay += weight
    if counts[place] == 0 { activeStores += 1 }
    counts[place] += weight
    return Load(place: Int32(place), weight: Int32(clamping: weight))
  }

  /// It is answered, or its connection is gone.
  mutating func finish(_ load: Load) {
    guard load.place >= 0 else { return }
    underWay -= Int(load.weight)
    counts[Int(load.place)] -= Int(load.weight)
    if counts[Int(load.place)] == 0 { activeStores -= 1 }
  }

  /// The rules, from `busy` on.
  private func mayTake(_ urgency: Urgency, _ place: Int, _ isFirst: Bool) -> Bool {
    switch urgency {
    case .watch: return true
    case .finish: return underWay < Self.limit
    case .read: return false
    case .change: break
    }
    guard isFirst else { return false }
    let active = activeStores + (counts[place] == 0 ? 1 : 0)
    if active == 1 { return underWay < Self.limitOfOne }
    return underWay < Self.limitOfChanges
      && counts[place] < max(Self.busy / active, Self.smallestShare)
  }

  /// Stores come from keys, so there are no more than have been made.
  @inline(__always)
  private mutating func place(of store: StoreID) -> Int {
    if store == lastStore { return lastPlace }
    return lookUp(store)
  }

  private mutating func lookUp(_ store: StoreID) -> Int {
    let place: Int
    if let known = places[store] {
      place = known
    } else {
      place = counts.count
      places[store] = place
      counts.append(0)
    }
    lastStore = store
    lastPlace = place
    return place
  }
}
