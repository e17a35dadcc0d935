import NIOCore
import StockCore

/// Has tokens checked away from the loop, a few at a time: whoever comes with tokens that are not good
/// keeps a bounded part of the processors busy, and those waiting whose tokens are new; no one else.
final class TokenDesk {
  /// Tokens of one loop that are being checked.
  static let maxUnderWay = 4

  private unowned let front: LoopFront
  private var underWay = 0
  /// At most one of each connection.
  private var waiting: [Wait] = []

  private struct Wait {
    var value: [UInt8]
    var token: [UInt8]
    var connection: HTTPConnection
  }

  init(front: LoopFront) { self.front = front }

  /// - Parameters:
  ///   - value: of the `Authorization` header.
  ///   - connection: is told when it is done.
  func check(_ value: [UInt8], for connection: HTTPConnection) {
    let token = value.withUnsafeBufferPointer { Credentials.token(in: $0).map { Array($0) } }
    waiting.append(Wait(value: value, token: token ?? [], connection: connection))
    next()
  }

  private func next() {
    guard underWay < Self.maxUnderWay, !waiting.isEmpty, let verifier = front.keys.verifier else {
      return
    }
    let wait = waiting.removeFirst()
    underWay += 1
    let token = wait.token
    let generation = front.keys.verifierGeneration
    let now = front.now
    let bound = NIOLoopBound((self, wait), eventLoop: front.loop)
    let loop = front.loop
    Task {
      let verified = await verifier.verify(token, now: now)
      loop.execute {
        let (desk, wait) = bound.value
        desk.finish(wait, verified, generation: generation)
      }
    }
  }

  private func finish(_ wait: Wait, _ verified: VerifiedToken?, generation: Int) {
    underWay -= 1
    front.keys.refresh()
    // Under other keys than these it is looked at again.
    if generation == front.keys.verifierGeneration {
      let principal = verified.flatMap { front.keys.learn(wait.token, $0, now: front.now) }
      wait.connection.learn(wait.value, principal)
    }
    wait.connection.resumeRequests()
    next()
  }
}
