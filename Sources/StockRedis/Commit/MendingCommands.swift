public import NIOCore
public import StockCore

/// One field of a hash as it should be.
public struct MendedField: Sendable {
  public var field: [UInt8]
  /// nil: it should not be there.
  public var value: ByteBuffer?

  public init(field: [UInt8], value: ByteBuffer?) {
    self.field = field
    self.value = value
  }
}

/// A step of making a `meta` again, in their order.
public enum RestoreStep: Sendable {
  case begin
  /// A batch's movements, as the ledger has them.
  case ledger(lastMovement: Int64, sequence: Sequence64, text: ByteBuffer)
  /// The sequence and what belongs to it.
  case finish(ShardMeta)
}

/// These calls are rare: they carry the script's text each time, so nothing has to be loaded.
extension ByteBuffer {
  /// mend.lua: makes fields of `hash` what they should be. Read by `MendReply.init(_:)`.
  ///
  /// - Parameters:
  ///   - sequence: what `meta` must hold; nil: none, it is being restored.
  ///   - fields: at most 1000, so that Redis is soon free again.
  public mutating func writeMend(
    meta: String, hash: String, ownership: Ownership, sequence: Sequence64?, fields: [MendedField]
  ) {
    let arguments = fields.reduce(3) { $0 + ($1.value == nil ? 2 : 3) }
    writeTextCall(PackageResources.mend_lua, keys: [meta, hash], arguments: arguments)
    writeOwnership(ownership)
    if let sequence { writeRESPBulk(sequence) } else { writeRESPBulk("" as StaticString) }
    for field in fields {
      if let value = field.value {
        writeRESPBulk("set" as StaticString)
        writeRESPBulk(field.field)
        writeRESPBulk(value.readableBytesView)
      } else {
        writeRESPBulk("del" as StaticString)
        writeRESPBulk(field.field)
      }
    }
  }

  /// drop.lua: removes whole keys of a shard, at most 1000.
  public mutating func writeDrop(meta: String, keys: [String], ownership: Ownership) {
    writeTextCall(PackageResources.drop_lua, keys: [meta] + keys, arguments: 2)
    writeOwnership(ownership)
  }

  /// restore.lua. Read by `MendReply.init(_:)`.
  public mutating func writeRestore(
    meta: String, ledger: String, ownership: Ownership, step: RestoreStep
  ) {
    func begin(_ name: StaticString, arguments: Int, _ buffer: inout ByteBuffer) {
      buffer.writeTextCall(
        PackageResources.restore_lua, keys: [meta, ledger], arguments: 3 + arguments)
      buffer.writeRESPBulk(name)
      buffer.writeOwnership(ownership)
    }
    switch step {
    case .begin:
      begin("begin", arguments: 0, &self)
    case .ledger(let lastMovement, let sequence, let text):
      begin("ledger", arguments: 3, &self)
      writeRESPBulk(lastMovement)
      writeRESPBulk(sequence)
      writeRESPBulk(text.readableBytesView)
    case .finish(let meta):
      begin("finish", arguments: 5, &self)
      writeRESPBulk(meta.sequence)
      writeRESPBulk(hex: meta.digest)
      writeRESPBulk(meta.lastEntryNumber)
      writeRESPBulk(meta.movements)
      writeRESPBulk(meta.oldestBucket)
    }
  }

  private mutating func writeTextCall(_ script: [UInt8], keys: [String], arguments: Int) {
    writeRESPArray(3 + keys.count + arguments)
    writeRESPBulk("EVAL" as StaticString)
    writeRESPBulk(script)
    writeRESPBulk(Int64(keys.count))
    for key in keys { writeRESPBulk(key) }
  }

  private mutating func writeOwnership(_ ownership: Ownership) {
    writeRESPBulk(ownership.owner)
    writeRESPBulk(ownership.epoch)
  }
}

/// What Redis said to a step of mending.
public enum MendReply: Equatable, Sendable {
  /// - Parameter written: how many fields differed.
  case done(written: Int)
  /// `meta` is gone, or holds no sequence: Redis lost the data.
  case missing
  /// Another engine owns it. Nothing was written.
  case fenced
  /// Not written, or not to the end.
  case refused(String)

  public init(_ reply: RedisReply) {
    if reply.isError {
      self = .refused(reply.string ?? "")
    } else if reply.count >= 1, reply[0].equals("OK") {
      self = .done(written: reply.count >= 2 ? Int(reply[1].integer ?? 0) : 0)
    } else if reply.count >= 1, reply[0].equals("NOMETA") {
      self = .missing
    } else if reply.count >= 1, reply[0].equals("FENCED") {
      self = .fenced
    } else {
      self = .refused("\(reply)")
    }
  }
}
