/// Which shard owns what. Everything that routes asks here.
public struct ShardMap: Sendable {
  /// Fixed when a namespace is made. 1 to `Bounds.maxShards`.
  public let shardCount: Int

  public init(shardCount: Int) {
    precondition(shardCount >= 1 && shardCount <= Bounds.maxShards, "number of shards out of range")
    self.shardCount = shardCount
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the id moves every bit of the
  /// result, and it is the same in every process, which Swift's `Hasher` is not.
  @inlinable
  public static func mix(_ value: UInt64) -> UInt64 {
    var hash = value &+ 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }

  @inlinable
  public func shard(ofProduct product: ProductID) -> ShardID {
    Int(Self.mix(UInt64(bitPattern: product)) % UInt64(shardCount))
  }

  /// Entry ids are dealt out round the shards: shard 3 of 8 gives 4, 12, 20 …
  @inlinable
  public func shard(ofEntry entry: EntryID) -> ShardID {
    Int((UInt64(bitPattern: entry) &- 1) % UInt64(shardCount))
  }

  /// The `number`th id (from 1) that `shard` gives to an entry.
  @inlinable
  public func entryID(number: Int64, of shard: ShardID) -> EntryID {
    (number - 1) * Int64(shardCount) + Int64(shard) + 1
  }

  /// The inverse of `entryID(number:of:)`.
  @inlinable
  public func number(ofEntry entry: EntryID) -> Int64 {
    (entry - 1) / Int64(shardCount) + 1
  }

  /// The home of a hold. Ids that an engine made say it (`holdID(home:random:)`), so that a hold whose
  /// lines are on one shard has its home there; others are hashed.
  public func shard(ofHold hold: HoldID) -> ShardID {
    var bytes = hold.utf8.makeIterator()
    if bytes.next() == UInt8(ascii: "r") {
      var home = 0
      var digits = 0
      while let byte = bytes.next(), digits < 5 {
        if byte == UInt8(ascii: "-"), digits > 0, home < shardCount { return home }
        guard byte >= 0x30, byte <= 0x39 else { break }
        home = home * 10 + Int(byte - 0x30)
        digits += 1
      }
    }
    // FNV-1a (Fowler, Noll, Vo 1991), then mixed: its low bits alone are weak.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in hold.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return Int(Self.mix(hash) % UInt64(shardCount))
  }

  /// An id for a hold whose home is to be this shard: `r3-00f1e2…`, 16 hexadecimal digits of each word.
  public func holdID(home: ShardID, random: (UInt64, UInt64)) -> HoldID {
    func hex(_ word: UInt64) -> String {
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
    return "r\(home)-\(hex(random.0))\(hex(random.1))"
  }

  /// The shard that decides a command. Not for `checkKey`, which goes where the key was used.
  @inline(__always)
  public func shard(of command: Command) -> ShardID {
    switch command.operation {
    case .reserve(let amount), .release(let amount), .fulfill(let amount):
      return shard(ofProduct: amount.product)
    default: return shardOfRarer(command.operation)
    }
  }

  private func shardOfRarer(_ operation: Command.Operation) -> ShardID {
    switch operation {
    case .reserve(let amount), .release(let amount), .fulfill(let amount):
      shard(ofProduct: amount.product)
    case .set(let set): shard(ofProduct: set.product)
    case .adjust(let adjust): shard(ofProduct: adjust.product)
    case .transfer(let transfer): shard(ofProduct: transfer.product)
    case .allocate(let allocate): shard(ofProduct: allocate.product)
    case .putProduct(let put): shard(ofProduct: put.id)
    case .readProduct(let product), .readSummary(let product): shard(ofProduct: product)
    case .putEntry(let put): shard(ofEntry: put.id)
    case .deleteEntry(let entry, _), .readEntry(let entry): shard(ofEntry: entry)
    case .hold(let request): shard(ofHold: request.id)
    case .extendHold(let hold, _), .fulfillHold(let hold, _), .releaseHold(let hold, _),
      .readHold(let hold):
      shard(ofHold: hold)
    case .reserveTogether(let together): shard(ofHold: together.id)
    case .applyPart, .checkKey:
      preconditionFailure("whoever sends \(operation) says where to")
    }
  }
}
