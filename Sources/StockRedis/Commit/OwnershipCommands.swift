public import NIOCore
public import StockCore

extension ByteBuffer {
  /// take.lua: a new epoch, above the held one and `minimumEpoch`. Read by `MetaReply.init(take:…)`.
  ///
  /// - Parameter heldEpoch: what `meta` held when it was read: another one there now is `.fenced`, so
  ///   that a take that comes late, of an engine that is gone, does not fence whoever came meanwhile.
  ///   nil takes whatever is held.
  public mutating func writeTake(
    meta: String, owner: String, minimumEpoch: Epoch, heldEpoch: Epoch? = nil,
    form: ScriptForm = .hash, scripts: LoadedScripts
  ) {
    writeScriptCall(.take, form, scripts, keys: 1, arguments: 3)
    writeRESPBulk(meta)
    writeRESPBulk(owner)
    writeRESPBulk(minimumEpoch)
    if let heldEpoch { writeRESPBulk(heldEpoch) } else { writeRESPBulk("" as StaticString) }
  }

  /// retake.lua: `ownership` again, unless somebody took it later. Read by `MetaReply.init(retake:…)`.
  public mutating func writeRetake(
    meta: String, ownership: Ownership, form: ScriptForm = .hash, scripts: LoadedScripts
  ) {
    writeScriptCall(.retake, form, scripts, keys: 1, arguments: 2)
    writeRESPBulk(meta)
    writeRESPBulk(ownership.owner)
    writeRESPBulk(ownership.epoch)
  }

  /// Read by `MetaReply.init(read:)`.
  public mutating func writeReadMeta(_ meta: String) {
    writeRESPCommand([
      "HMGET", meta, "owner", "epoch", "sequence", "digest", "last_entry", "movements",
      "oldest_bucket",
    ])
  }

  /// control.lua: changes `hash`, one of the control hashes, in one step. Read by
  /// `ControlReply.init(_:)`.
  ///
  /// - Parameter changes: a field and its new value; nil deletes it. At most 1000.
  public mutating func writeControl(
    keys: RedisKeys, hash: String, ownership: Ownership,
    changes: [(field: String, value: String?)], form: ScriptForm = .hash, scripts: LoadedScripts
  ) {
    let arguments = changes.reduce(2) { $0 + ($1.value == nil ? 2 : 3) }
    writeScriptCall(.control, form, scripts, keys: 2, arguments: arguments)
    writeRESPBulk(keys.controlMeta)
    writeRESPBulk(hash)
    writeRESPBulk(ownership.owner)
    writeRESPBulk(ownership.epoch)
    for change in changes {
      if let value = change.value {
        writeRESPBulk("set" as StaticString)
        writeRESPBulk(change.field)
        writeRESPBulk(value)
      } else {
        writeRESPBulk("del" as StaticString)
        writeRESPBulk(change.field)
      }
    }
  }
}

/// What Redis said about a shard's `meta`.
public enum MetaReply: Equatable, Sendable {
  /// Held, taken, or taken again.
  case meta(ShardMeta)
  /// There is none: data loss, never a new shard.
  case missing
  /// Somebody else took it: later than the epoch that is asked for, or since `meta` was read.
  case fenced(by: Ownership)
  case notExecuted(CommitReply.NotExecuted, String)
  case failed(String)

  /// The reply to `writeTake` for `owner`.
  public init(take reply: RedisReply, owner: String) {
    self.init(script: reply) { reply in
      guard reply.count == 7, let epoch = reply[1].integer else { return nil }
      return ShardMeta(Ownership(owner: owner, epoch: epoch), reply, from: 2)
    }
  }

  /// The reply to `writeRetake` for `ownership`.
  public init(retake reply: RedisReply, ownership: Ownership) {
    self.init(script: reply) { reply in
      reply.count == 6 ? ShardMeta(ownership, reply, from: 1) : nil
    }
  }

  /// The reply to `writeReadMeta`.
  public init(read reply: RedisReply) {
    if let problem = MetaReply(problem: reply) {
      self = problem
    } else if reply.count == 7, reply[1].isNull || reply[2].isNull {
      self = .missing
    } else if reply.count == 7, let epoch = reply[1].integer,
      let meta = ShardMeta(
        Ownership(owner: reply[0].string ?? "", epoch: epoch), reply, from: 2)
    {
      self = .meta(meta)
    } else {
      self = .failed("the shard's meta is malformed: \(reply)")
    }
  }

  private init(script reply: RedisReply, meta: (RedisReply) -> ShardMeta?) {
    if let problem = MetaReply(problem: reply) {
      self = problem
    } else if reply.count >= 1, reply[0].equals("NOMETA") {
      self = .missing
    } else if reply.count == 3, reply[0].equals("FENCED"), let epoch = reply[2].integer {
      self = .fenced(by: Ownership(owner: reply[1].string ?? "", epoch: epoch))
    } else if reply.count >= 1, reply[0].equals("OK"), let meta = meta(reply) {
      self = .meta(meta)
    } else {
      self = .failed("the shard's meta is malformed: \(reply)")
    }
  }

  private init?(problem reply: RedisReply) {
    guard reply.isError else { return nil }
    let words = reply.string ?? ""
    switch ErrorReply(words) {
    case .notExecuted(let why): self = .notExecuted(why, words)
    case .failed: self = .failed(words)
    }
  }
}

extension ShardMeta {
  /// Sequence, digest, last entry, movements and oldest bucket, from the `from`th element on. All but
  /// the sequence are missing, or empty, before the first commit; an older engine had not the last two.
  fileprivate init?(_ ownership: Ownership, _ reply: RedisReply, from: Int) {
    func number(_ place: Int) -> Int64? {
      reply[place].bytes.isEmpty ? 0 : reply[place].integer
    }
    let digest = reply[from + 1]
    guard let sequence = reply[from].integer, sequence >= 0,
      let digestValue = digest.bytes.isEmpty ? 0 : DecimalText.hex(digest.bytes),
      let last = number(from + 2), last >= 0,
      let movements = number(from + 3), movements >= 0,
      let oldestBucket = number(from + 4)
    else { return nil }
    self.init(
      ownership: ownership, sequence: sequence, digest: digestValue, lastEntryNumber: last,
      movements: movements, oldestBucket: oldestBucket)
  }
}

/// What Redis said to a change of a control hash.
public enum ControlReply: Equatable, Sendable {
  case done
  /// Another engine owns the control keys. Nothing was written.
  case fenced
  case notExecuted(CommitReply.NotExecuted, String)
  case failed(String)

  /// The reply to `writeControl`.
  public init(_ reply: RedisReply) {
    if reply.isError {
      let words = reply.string ?? ""
      switch ErrorReply(words) {
      case .notExecuted(let why): self = .notExecuted(why, words)
      case .failed: self = .failed(words)
      }
    } else if reply.count >= 1, reply[0].equals("OK") {
      self = .done
    } else if reply.count >= 1, reply[0].equals("FENCED") {
      self = .fenced
    } else {
      self = .failed("a change of the control keys got: \(reply)")
    }
  }
}
