/// The closed list of what an error's `code` can be, with the status and title that go with it.
enum ProblemCode: Int, CaseIterable, Sendable {
  case invalidRequest
  case unauthorized
  case forbidden
  case notFound, productNotFound, entryNotFound, storeNotFound, keyNotFound, reservationNotFound
  case methodNotAllowed
  case requestTimeout
  case insufficientStock, insufficientReserved, belowReserved
  case versionConflict, locationTaken, entryInUse, tooManyLocations
  case reservationClosed, reservationExists, purchaseLimit, batchRefused
  case idempotencyMismatch, idempotencyRunning
  case payloadTooLarge
  case unsupportedMediaType
  case headersTooLarge
  case rateLimited
  case overloaded, storeUnavailable, outcomeUnknown

  var name: StaticString {
    switch self {
    case .invalidRequest: "invalid_request"
    case .unauthorized: "unauthorized"
    case .forbidden: "forbidden"
    case .notFound: "not_found"
    case .productNotFound: "product_not_found"
    case .entryNotFound: "entry_not_found"
    case .storeNotFound: "store_not_found"
    case .keyNotFound: "key_not_found"
    case .reservationNotFound: "reservation_not_found"
    case .methodNotAllowed: "method_not_allowed"
    case .requestTimeout: "request_timeout"
    case .insufficientStock: "insufficient_stock"
    case .insufficientReserved: "insufficient_reserved"
    case .belowReserved: "below_reserved"
    case .versionConflict: "version_conflict"
    case .locationTaken: "location_taken"
    case .entryInUse: "entry_in_use"
    case .tooManyLocations: "too_many_locations"
    case .reservationClosed: "reservation_closed"
    case .reservationExists: "reservation_exists"
    case .purchaseLimit: "purchase_limit"
    case .batchRefused: "batch_refused"
    case .idempotencyMismatch: "idempotency_mismatch"
    case .idempotencyRunning: "idempotency_running"
    case .payloadTooLarge: "payload_too_large"
    case .unsupportedMediaType: "unsupported_media_type"
    case .headersTooLarge: "headers_too_large"
    case .rateLimited: "rate_limited"
    case .overloaded: "overloaded"
    case .storeUnavailable: "store_unavailable"
    case .outcomeUnknown: "outcome_unknown"
    }
  }

  var status: Int {
    switch self {
    case .invalidRequest: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound, .productNotFound, .entryNotFound, .storeNotFound, .keyNotFound,
      .reservationNotFound:
      404
    case .methodNotAllowed: 405
    case .requestTimeout: 408
    case .insufficientStock, .insufficientReserved, .belowReserved, .versionConflict,
      .locationTaken, .entryInUse, .tooManyLocations, .reservationClosed, .reservationExists,
      .purchaseLimit, .batchRefused, .idempotencyRunning:
      409
    case .payloadTooLarge: 413
    case .unsupportedMediaType: 415
    case .idempotencyMismatch: 422
    case .rateLimited: 429
    case .headersTooLarge: 431
    case .overloaded, .storeUnavailable, .outcomeUnknown: 503
    }
  }

  var title: StaticString {
    switch self {
    case .invalidRequest: "The request is not valid"
    case .unauthorized: "A valid key is needed"
    case .forbidden: "The key's role does not allow this"
    case .notFound: "There is no such path"
    case .productNotFound: "There is no such product"
    case .entryNotFound: "There is no such entry"
    case .storeNotFound: "There is no such store"
    case .keyNotFound: "There is no such key"
    case .methodNotAllowed: "The path does not have this method"
    case .requestTimeout: "The request took too long to arrive"
    case .insufficientStock: "Not enough is available"
    case .insufficientReserved: "Not as much is reserved"
    case .belowReserved: "More than this is reserved"
    case .versionConflict: "It has changed meanwhile"
    case .locationTaken: "The product has an entry at that location"
    case .entryInUse: "Units are reserved"
    case .tooManyLocations: "There are too many locations"
    case .reservationNotFound: "There is no such reservation"
    case .reservationClosed: "The reservation has ended"
    case .reservationExists: "Another reservation has this id"
    case .purchaseLimit: "The customer has as much as one may buy"
    case .batchRefused: "Not all operations could be done, so none was"
    case .idempotencyMismatch: "The idempotency key was used for another request"
    case .idempotencyRunning: "The first request with this key is under way"
    case .payloadTooLarge: "The body is too large"
    case .unsupportedMediaType: "The body has to be application/json"
    case .headersTooLarge: "The header is too large"
    case .rateLimited: "Too many attempts"
    case .overloaded: "Too much waits already"
    case .storeUnavailable: "The store does not take changes at the moment"
    case .outcomeUnknown: "It is not known whether the change was made"
    }
  }

  /// Asking again later may help.
  var canBeRetried: Bool { status == 503 || self == .idempotencyRunning || self == .rateLimited }
}
