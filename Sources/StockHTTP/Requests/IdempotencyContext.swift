import Crypto
import NIOCore
import NIOHTTP1
import StockCore

/// An `Idempotency-Key` with the request that it came with: made of those requests only that have one.
///
/// What shards know of it are digests: of the key's owner, the key and the operation's place (who owns
/// a key cannot meet another's), and of method, target, `If-Match` and body, in which another request
/// differs. Where there is no store of a token and no `If-Match`, the digests are those of versions that
/// knew neither: their records stay good.
final class IdempotencyContext {
  private let owner: ActorID
  private let store: StoreID?
  private let text: [UInt8]
  private var request = SHA256()
  private var fingerprint: UInt64 = 0

  /// - Parameters:
  ///   - text: the key, checked.
  ///   - owner: the key's bearer.
  ///   - target: path and query as they came.
  ///   - ifMatch: the header's value, or several with commas between; nil: there is none.
  init(
    _ text: [UInt8], owner: Principal, method: HTTPMethod, target: UnsafeBufferPointer<UInt8>,
    ifMatch: [UInt8]? = nil
  ) {
    self.owner = owner.actor
    self.store = owner.storeOfToken
    self.text = text
    if let ifMatch {
      update("If-Match ")
      request.update(data: ifMatch)
      update("\n")
    }
    // Neither a method nor a target has a space or a line's end.
    update(Self.head(method))
    request.update(bufferPointer: UnsafeRawBufferPointer(target))
    update("\n")
  }

  private static func head(_ method: HTTPMethod) -> StaticString {
    switch method {
    case .POST: "POST "
    case .PUT: "PUT "
    case .DELETE: "DELETE "
    default: preconditionFailure("no endpoint takes a key with \(method)")
    }
  }

  private func update(_ text: StaticString) {
    request.update(
      bufferPointer: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// The body is complete. To be called once, before `key(operation:)`.
  func take(_ body: UnsafeRawBufferPointer) {
    request.update(bufferPointer: body)
    fingerprint = Self.words(of: request.finalize()).0
  }

  /// What a shard gets.
  ///
  /// - Parameter operation: which of the commands that the request becomes; 0 where it is one.
  func key(operation: Int) -> IdempotencyKey {
    var digest = SHA256()
    withUnsafeBytes(of: (owner.bigEndian, Int64(operation).bigEndian)) {
      digest.update(bufferPointer: $0)
    }
    // No text begins with a zero byte, as each store does.
    if let store { withUnsafeBytes(of: store.bigEndian) { digest.update(bufferPointer: $0) } }
    text.withUnsafeBytes { digest.update(bufferPointer: $0) }
    let (high, low) = Self.words(of: digest.finalize())
    return IdempotencyKey(high: high, low: low, fingerprint: fingerprint)
  }

  private static func words(of digest: SHA256.Digest) -> (UInt64, UInt64) {
    digest.withUnsafeBytes { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
  }
}
