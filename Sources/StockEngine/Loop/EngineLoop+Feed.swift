import NIOCore
import StockCore

/// Committed movements on their way to the loops that want them. While there is none, nothing is kept.
struct MovementFeed {
  private var wanted: [Bool]
  private(set) var isWanted = false
  private var batches: [LedgerBatch] = []

  init(loopCount: Int) { wanted = Array(repeating: false, count: loopCount) }

  /// - Returns: whether this changed if anybody wants movements.
  mutating func set(_ loop: Int, wants: Bool) -> Bool {
    wanted[loop] = wants
    let before = isWanted
    isWanted = wanted.contains(true)
    if !isWanted { batches = [] }
    return before != isWanted
  }

  mutating func add(_ committed: [LedgerBatch]) {
    if isWanted, !committed.isEmpty { batches += committed }
  }

  /// What has come since the last call, and the loops that it is for.
  mutating func take() -> (batches: [LedgerBatch], loops: [Int]) {
    guard !batches.isEmpty else { return ([], []) }
    let taken = batches
    batches = []
    return (taken, wanted.indices.filter { wanted[$0] })
  }
}

extension EngineLoop {
  func subscribe() { setSubscribed(true) }
  func unsubscribe() { setSubscribed(false) }

  private func setSubscribed(_ wants: Bool) {
    let index = loopIndex
    for peer in peers {
      if peer.eventLoop === loop {
        setWanted(by: index, wants)
      } else {
        peer.eventLoop.execute { peer.value.setWanted(by: index, wants) }
      }
    }
  }

  private func setWanted(by index: Int, _ wants: Bool) {
    guard feed.set(index, wants: wants) else { return }
    let isWanted = feed.isWanted
    for shard in shards { shard.assumeIsolated { $0.setFeedsReaders(isWanted) } }
  }

  /// Hands on what was committed since the last tick: one hand-over a loop, however many batches.
  func sendFeed() {
    let (batches, loops) = feed.take()
    for index in loops {
      if index == loopIndex {
        receiver?.receive(batches)
      } else {
        let peer = peers[index]
        peer.eventLoop.execute { peer.value.receiver?.receive(batches) }
      }
    }
  }
}
