import StockCore
import StockEngine

/// One loop's copy of the keys, by their digests, and of the tokens of others that were found good. It
/// is made anew when the control plane's generation has changed, or the verifier's, which the loop looks
/// at every 100 ms.
final class KeyCache {
  private let control: any ControlPlane
  let verifier: (any TokenVerifier)?
  private var byDigest: [[UInt8]: Principal] = [:]
  private(set) var tokens = TokenCache()
  /// Grows with each change: what was found under an older one has to be looked up again.
  private(set) var generation = 0
  private var controlGeneration: Int
  /// The verifier's generation that `tokens` were found good under.
  private(set) var verifierGeneration: Int
  /// When each key was last seen, since `takeUses` was called last.
  private var uses: [ActorID: Timestamp] = [:]

  enum Finding {
    case known(Principal)
    case nobody
    /// It can be a good token, but nobody has looked.
    case unverified
  }

  init(_ control: any ControlPlane, verifier: (any TokenVerifier)? = nil) {
    self.control = control
    self.verifier = verifier
    let snapshot = control.snapshot
    self.controlGeneration = snapshot.generation
    self.verifierGeneration = verifier?.generation ?? 0
    fill(from: snapshot)
  }

  /// Takes over the keys if any has changed.
  func refresh() {
    if let verifier, verifier.generation != verifierGeneration {
      verifierGeneration = verifier.generation
      generation += 1
      tokens.removeAll()
    }
    let snapshot = control.snapshot
    guard snapshot.generation != controlGeneration else { return }
    controlGeneration = snapshot.generation
    generation += 1
    fill(from: snapshot)
  }

  /// Whose token this is. It says nothing of the expiry.
  func find(token: some Collection<UInt8>) -> Finding {
    let digest = Token.digest(token)
    if let principal = find(digest) { return .known(principal) }
    // Perhaps made a moment ago on another loop.
    refresh()
    if let principal = find(digest) { return .known(principal) }
    guard verifier != nil, TokenCache.isToken(token) else { return .nobody }
    return tokens.principal(digest).map { .known($0) } ?? .unverified
  }

  /// A token was found good.
  ///
  /// - Returns: whose it is; nil: its store is not there, or its time was over meanwhile.
  func learn(_ token: [UInt8], _ verified: VerifiedToken, now: Timestamp) -> Principal? {
    guard now < verified.expiresAt,
      let principal = Principal(verified, stores: control.snapshot.stores)
    else { return nil }
    tokens.add(Token.digest(token), principal, subject: verified.subject, now: now)
    return principal
  }

  /// Whose key has this id. It says nothing of the expiry.
  func principal(id: ActorID) -> Principal? {
    control.snapshot.keys[id].map { Principal($0) }
  }

  /// What the log calls an actor: a key's name, or a token's subject.
  func name(of actor: ActorID) -> String {
    control.snapshot.keys[actor]?.name ?? tokens.subject(of: actor) ?? ""
  }

  func noteUse(of actor: ActorID, now: Timestamp) {
    if !Principal.isOfToken(actor) { uses[actor] = now }
  }

  func takeUses() -> [ActorID: Timestamp] {
    defer { uses.removeAll(keepingCapacity: true) }
    return uses
  }

  /// Looking up by a digest gives nothing away: who can choose digests can invert SHA-256. The keys
  /// are compared in constant time all the same.
  private func find(_ digest: [UInt8]) -> Principal? {
    guard let index = byDigest.index(forKey: digest) else { return nil }
    let (known, principal) = byDigest[index]
    let same = known.withUnsafeBufferPointer { left in
      digest.withUnsafeBufferPointer { Matching.equalInConstantTime(left, $0) }
    }
    return same ? principal : nil
  }

  private func fill(from snapshot: ControlSnapshot) {
    byDigest.removeAll(keepingCapacity: true)
    for key in snapshot.keys.values { byDigest[key.digest] = Principal(key) }
  }
}
