public import StockCore
public import StockEngine

/// Checks tokens that somebody else has signed, and whom the engine trusts.
public protocol TokenVerifier: Sendable {
  /// Grows whenever the keys change that tokens are checked with: what was found good before has to be
  /// checked again.
  var generation: Int { get }

  /// Checks a token. May take as long as signatures take; no event loop waits for it.
  ///
  /// - Returns: nil where the token is not good, for whichever reason: its bearer is not told which.
  func verify(_ token: [UInt8], now: Timestamp) async -> VerifiedToken?
}

/// What a token that is good says of its bearer.
public struct VerifiedToken: Equatable, Sendable {
  /// The actors of tokens: above all ids of keys, and still exact in JSON.
  public static let actors: ClosedRange<ActorID> = (1 << 52)...(1 << 53 - 1)

  /// Whom it was issued to, in the issuer's words: for the log of what admins do.
  public var subject: String
  public var role: Role
  /// nil for admins only.
  public var store: StoreID?
  /// Whom the ledger names, and whose idempotency keys are whose: the same for all tokens of one
  /// subject. Of `actors`: others are refused.
  public var actor: ActorID
  /// From then on it is no longer good; in milliseconds, as all times.
  public var expiresAt: Timestamp

  public init(
    subject: String, role: Role, store: StoreID?, actor: ActorID, expiresAt: Timestamp
  ) {
    self.subject = subject
    self.role = role
    self.store = store
    self.actor = actor
    self.expiresAt = expiresAt
  }
}
