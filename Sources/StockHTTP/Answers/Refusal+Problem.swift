import StockCore

extension Refusal {
  var code: ProblemCode {
    switch self {
    case .productNotFound: .productNotFound
    case .entryNotFound: .entryNotFound
    case .locationRequired, .quantityTooLarge, .customerRequired, .lineNotFound: .invalidRequest
    case .versionConflict: .versionConflict
    case .insufficientStock: .insufficientStock
    case .insufficientReserved: .insufficientReserved
    case .belowReserved: .belowReserved
    case .locationTaken: .locationTaken
    case .entryInUse: .entryInUse
    case .capacityReached(.locationsOfProduct), .capacityReached(.locationsOfStore),
      .capacityReached(.linesOfHold):
      .tooManyLocations
    case .capacityReached(.locations), .capacityReached(.products), .capacityReached(.entries),
      .capacityReached(.holds):
      .overloaded
    case .purchaseLimit: .purchaseLimit
    case .holdNotFound: .reservationNotFound
    case .holdClosed: .reservationClosed
    case .holdIDTaken: .reservationExists
    // What no client can mend by asking for less is told first.
    case .linesRefused(let lines): lines.gravest?.refusal.code ?? .insufficientStock
    case .idempotencyMismatch: .idempotencyMismatch
    case .idempotencyRunning: .idempotencyRunning
    }
  }

  /// Among the lines of one request: the lower, the more the answer's status is about it.
  var gravity: Int {
    switch self {
    case .locationRequired, .quantityTooLarge, .customerRequired, .lineNotFound: 0
    case .productNotFound: 1
    case .entryNotFound: 2
    case .purchaseLimit: 3
    case .insufficientStock: 4
    case .versionConflict, .insufficientReserved, .belowReserved, .locationTaken, .entryInUse,
      .capacityReached, .holdNotFound, .holdClosed, .holdIDTaken, .linesRefused,
      .idempotencyMismatch, .idempotencyRunning:
      5
    }
  }

  /// Rests on what is committed, so the answer tells the commit.
  var isJudgedOnStock: Bool {
    switch self {
    case .idempotencyMismatch, .idempotencyRunning: false
    default: true
    }
  }
}

extension [LineRefusal] {
  /// The first of the gravest.
  var gravest: LineRefusal? {
    // The first one where several are the same: `min` promises that.
    self.min { $0.refusal.gravity < $1.refusal.gravity }
  }
}

extension Refusal.Capacity {
  var name: StaticString {
    switch self {
    case .locationsOfProduct: "locations of a product"
    case .locationsOfStore: "names of locations that a store can bring"
    case .linesOfHold: "lines of a reservation, when its units are found at so many locations"
    case .locations: "names of locations"
    case .products: "products"
    case .entries: "entries"
    case .holds: "reservations"
    }
  }
}

extension Unavailability {
  var code: ProblemCode {
    switch self {
    case .overloaded: .overloaded
    case .storeUnavailable: .storeUnavailable
    case .outcomeUnknown: .outcomeUnknown
    }
  }
}
