public import NIOCore
public import StockCore

extension ByteBuffer {
  /// Writes a hold's record, or a part's, without a length in front.
  public mutating func writeHoldRecord(_ record: HoldRecord) {
    writeHoldPrefix(record)
    switch record {
    case .hold(let hold): writeRest(of: hold)
    case .part(let part): writeRest(of: part)
    }
  }

  /// What a commit compares: the first two words with their spaces.
  mutating func writeHoldPrefix(_ record: HoldRecord) {
    writeRaw(maxBytes: 3 + RawWriter.maxDigits + 1) { writer in
      switch record {
      case .hold: writer.byte(UInt8(ascii: "H"))
      case .part: writer.byte(UInt8(ascii: "P"))
      }
      writer.space()
      writer.decimal(record.revision)
      writer.space()
    }
  }

  private mutating func writeRest(of hold: Hold) {
    let status = hold.status.name
    let maxBytes =
      status.utf8.count + hold.order.utf8.count + hold.customer.utf8.count
      + 4 * (RawWriter.maxDigits + 1) + 6
    writeRaw(maxBytes: maxBytes) { writer in
      writer.text(status)
      writer.tab()
      writer.decimal(hold.store)
      writer.tab()
      writer.decimal(hold.createdAt)
      writer.tab()
      writer.decimal(hold.updatedAt)
      writer.tab()
      writer.decimal(hold.expiresAt)
      writer.tab()
      writer.text(hold.order)
      writer.tab()
      writer.text(hold.customer)
    }
    for line in hold.lines { write(line) }
    guard let operation = hold.operation else { return }
    writeHead(of: operation)
    for line in operation.target { write(line) }
  }

  private mutating func writeRest(of part: HoldPart) {
    writeRaw(maxBytes: RawWriter.maxDigits + 2 + part.customer.utf8.count) { writer in
      writer.decimal(Int64(part.home))
      writer.tab()
      writer.text(part.customer)
    }
    for line in part.lines { write(line) }
  }

  private mutating func writeHead(of operation: HoldOperation) {
    let maxBytes = 32 + (RawWriter.maxDigits + 1) * (operation.participants.count + 1)
    writeRaw(maxBytes: maxBytes) { writer in
      writer.text("\top ")
      writer.text(operation.kind.recordName)
      writer.space()
      writer.text(operation.phase.recordName)
      writer.space()
      writer.decimal(operation.expiresAt)
      writer.space()
      if operation.participants.isEmpty { writer.byte(UInt8(ascii: "-")) }
      for (place, shard) in operation.participants.enumerated() {
        if place > 0 { writer.byte(UInt8(ascii: ",")) }
        writer.decimal(Int64(shard))
      }
    }
  }

  private mutating func write(_ line: HoldLine) {
    let maxBytes = 5 * (RawWriter.maxDigits + 2) + 5 + line.location.utf8.count
    writeRaw(maxBytes: maxBytes) { writer in
      writer.tab()
      writer.decimal(line.product)
      writer.space()
      writer.decimal(line.quantity)
      writer.space()
      writer.decimal(line.held)
      writer.space()
      writer.decimal(line.fulfilled)
      writer.text(line.unlimited ? " u" : " s")
      if let sale = line.sale {
        writer.byte(UInt8(ascii: "@"))
        writer.decimal(sale)
      }
      writer.space()
      writer.text(line.location)
    }
  }
}
