import NIOCore
import StockCore
@_spi(Benchmarks) import StockRedis

extension MicroOperations {
  /// What goes to Redis, and what comes back.
  static let wire: [NamedOperation] = [
    .init("encode/a reserve, batch of 1,000 of one product") {
      Encode($0, products: 1, batch: 1_000)
    },
    .init("encode/a reserve, batch of 20 of one product") { Encode($0, products: 1, batch: 20) },
    .init("encode/a reserve, batch of 1,000 over 1,000 products") {
      Encode($0, products: 1_000, batch: 1_000)
    },
    .init("reply/parse a commit's") { _ in Reply() },
  ]
}

/// A batch as the bytes that go to Redis, its movements included. Counted by reserve, not by batch.
private final class Encode: MicroOperation {
  private let encoder = CommitEncoder(keys: RedisKeys(), shard: 0)
  private let ownership = Ownership(owner: "0123456789abcdef0123456789abcdef", epoch: 3)
  private let scripts = LoadedScripts.unloaded
  private let batch: Batch
  private let repeats: Int
  private let locations: LocationTable
  private var buffer = ByteBuffer()

  init(_ scale: Scale, products: Int, batch count: Int) {
    let shard = LoadedShard(scale, products: products)
    let commands = LoadedShard.commands(products: products, count: count)
    for number in commands.indices { shard.submit(commands[number], number) }
    guard let batch = shard.close() else { preconditionFailure("a batch") }
    expect(batch.movements.count == count, "each reserve is a movement")
    self.batch = batch
    repeats = MicroOperations.perRound / count
    locations = shard.machine.locations
  }

  func measured() {
    for _ in 0..<repeats {
      buffer.clear()
      encoder.encode(
        batch, ownership: ownership, scripts: scripts, into: &buffer,
        locationName: locations.name)
    }
    expect(buffer.readableBytes > 500, "a commit")
  }
}

/// A thousand replies of commit.lua in one read.
private final class Reply: MicroOperation {
  private let probe: ReplyProbe
  private let bytes = ByteBuffer(
    string: String(repeating: "*1\r\n$2\r\nOK\r\n", count: MicroOperations.perRound))

  init() {
    guard let probe = ReplyProbe() else { preconditionFailure("out of memory") }
    self.probe = probe
  }

  func measured() {
    expect(probe.committed(in: bytes) == MicroOperations.perRound, "all are committed")
  }
}
