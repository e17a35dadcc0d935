/// An entry in memory, 72 bytes: a shard has millions of them.
struct EntryRow: KeyedRow {
  private(set) var quantity: Int64
  private(set) var reserved: Int64
  /// Of the reserved units, those that named holds keep.
  var held: Int64 = 0
  /// 0: the row is free.
  var id: EntryID
  private var versionLow: UInt32 = 0
  private var createdLow: UInt32 = 0
  private var updatedLow: UInt32 = 0
  private var gtinLow: UInt32 = 0
  /// The product's row in 24 bits, then `isLive`, then what kind of GTIN it has in 3.
  private var productAndMarks: UInt32
  private(set) var location: LocationID
  /// The next entry of the product.
  var next: Int32
  /// Its place among the pending entries, or `Books.none`.
  var pending: Int32 = Books.none
  private var versionHigh: UInt16 = 0
  private var createdHigh: UInt16 = 0
  private var updatedHigh: UInt16 = 0
  private var gtinHigh: UInt16 = 0

  static let productBits = 24
  private static let liveMark: UInt32 = 1 << 24
  private static let gtinShift: UInt32 = 25
  /// How many digits a GTIN has, by the 3 bits; 0: there is none.
  private static let gtinDigits: [UInt64] = [0, 8, 12, 13, 14]

  init(_ value: EntryValue, product: Int32, id: EntryID, next: Int32) {
    precondition(product >= 0 && product < 1 << Self.productBits, "product row out of range")
    self.quantity = value.quantity
    self.reserved = value.reserved
    self.id = id
    self.productAndMarks = UInt32(bitPattern: product) | Self.liveMark
    self.location = value.location
    self.next = next
    self.value = value
  }

  var key: Int64 { id }

  /// Its product's row.
  @inline(__always)
  var product: Int32 { Int32(bitPattern: productAndMarks & (1 << UInt32(Self.productBits) - 1)) }

  /// False: a pending batch deletes it.
  @inline(__always)
  var isLive: Bool {
    get { productAndMarks & Self.liveMark != 0 }
    set {
      productAndMarks =
        newValue ? productAndMarks | Self.liveMark : productAndMarks & ~Self.liveMark
    }
  }

  @inline(__always)
  var version: Int64 { Packed.join(versionLow, versionHigh) }

  @inline(__always)
  var counters: Counters { Counters(quantity: quantity, reserved: reserved) }

  /// Units that can be reserved.
  @inline(__always)
  var available: Int64 { quantity - reserved }

  @inline(__always)
  var gtin: GTIN {
    let kind = Int(productAndMarks >> Self.gtinShift & 7)
    if kind == 0 { return .none }
    let digits = UInt64(bitPattern: Packed.join(gtinLow, gtinHigh))
    return GTIN(rawValue: Self.gtinDigits[kind] << 56 | digits)
  }

  /// The next version, with other counters.
  @inline(__always)
  mutating func write(_ counters: Counters, at time: Timestamp) {
    quantity = counters.quantity
    reserved = counters.reserved
    (versionLow, versionHigh) = Packed.split(version + 1)
    (updatedLow, updatedHigh) = Packed.split(time)
  }

  /// All that changes of it.
  @inline(__always)
  var value: EntryValue {
    get {
      EntryValue(
        quantity: quantity, reserved: reserved, version: version,
        createdAt: Packed.join(createdLow, createdHigh),
        updatedAt: Packed.join(updatedLow, updatedHigh), gtin: gtin, location: location)
    }
    set {
      quantity = newValue.quantity
      reserved = newValue.reserved
      location = newValue.location
      (versionLow, versionHigh) = Packed.split(newValue.version)
      (createdLow, createdHigh) = Packed.split(newValue.createdAt)
      (updatedLow, updatedHigh) = Packed.split(newValue.updatedAt)
      let digits = newValue.gtin.rawValue & 0x0000_FFFF_FFFF_FFFF
      (gtinLow, gtinHigh) = Packed.split(Int64(bitPattern: digits))
      let kind = Self.gtinDigits.firstIndex(of: newValue.gtin.rawValue >> 56) ?? 0
      productAndMarks =
        productAndMarks & ~(7 << Self.gtinShift) | UInt32(kind) << Self.gtinShift
    }
  }
}
