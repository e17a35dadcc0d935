/// A kind of request, told apart in the figures.
public struct RequestKind: Equatable, Sendable {
  public var name: String
  /// false: needed to go on, and left out of the figures.
  public var isCounted: Bool

  public init(_ name: String, isCounted: Bool = true) {
    self.name = name
    self.isCounted = isCounted
  }
}

/// How a request ended.
enum RequestEnd: Equatable {
  /// 2xx.
  case accepted
  /// The server has clearly not done it.
  case refused
  /// No answer, or one that leaves it open.
  case unknown
}

/// How many operations a request carried, and how many of them were done.
struct Operations: Equatable {
  var total: Int
  var accepted: Int

  /// All of them ended as their request did.
  static func whole(_ total: Int, _ end: RequestEnd) -> Operations {
    Operations(total: total, accepted: end == .accepted ? total : 0)
  }
}

/// What a workload says about a request that has ended.
struct Settlement: Equatable {
  var operations: Operations
  /// The kind under which it goes into the figures.
  var kind: Int
  /// It was accepted in words that make no sense: nobody knows what was done.
  var isUnreadable = false
}

/// What is asked, and in which order: one for each thread. It keeps the books of what its accepted
/// requests should have done.
///
/// A *slot* is a place for one request under way: connection times pipeline depth. The next request of
/// a slot is asked for only when the last one has ended.
protocol Workload: Sendable {
  var kinds: [RequestKind] { get }
  /// What the answers add up to.
  var books: BenchBooks { get }
  /// Lines that were refused inside of requests that were not, by code.
  var lineRefusals: CodeTally { get }

  /// Appends the slot's next request, head and body.
  ///
  /// - Returns: which of `kinds` it is; nil: there is nothing more to ask.
  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int?

  /// A slot's request has ended.
  ///
  /// - Parameters:
  ///   - kind: as `next` returned it.
  ///   - body: of the answer; valid during this call.
  ///   - isCounted: in the figures.
  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement
}

extension Workload {
  var lineRefusals: CodeTally { CodeTally() }
}
