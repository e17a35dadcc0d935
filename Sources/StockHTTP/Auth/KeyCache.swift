import StockCore
import StockEngine

/// One loop's copy of the keys, by their digests. It is made anew when the control plane's
/// generation has changed, which the loop looks at every 100 ms.
final class KeyCache {
  private let control: any ControlPlane
  private var byDigest: [[UInt8]: Principal] = [:]
  /// Grows with each change: what was found under an older one has to be looked up again.
  private(set) var generation: Int

  init(_ control: any ControlPlane) {
    self.control = control
    let snapshot = control.snapshot
    self.generation = snapshot.generation
    fill(from: snapshot)
  }

  /// Takes over the keys if any has changed.
  func refresh() {
    let snapshot = control.snapshot
    guard snapshot.generation != generation else { return }
    generation = snapshot.generation
    fill(from: snapshot)
  }

  /// Whose token this is. It says nothing of the expiry.
  func principal(token: some Sequence<UInt8>) -> Principal? {
    let digest = Token.digest(token)
    if let principal = find(digest) { return principal }
    // Perhaps made a moment ago on another loop.
    refresh()
    return find(digest)
  }

  /// Whose key has this id. It says nothing of the expiry.
  func principal(id: ActorID) -> Principal? {
    control.snapshot.keys[id].map { Principal($0) }
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
