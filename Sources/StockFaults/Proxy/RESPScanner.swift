/// Finds where values of RESP2 begin and end in a stream of bytes, whatever pieces they come in: an
/// array counts as one value with all that is in it. Keeps no bytes itself.
///
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/>
struct RESPScanner {
  /// Elements that are still to come, for each array that is open, outermost first.
  private var open: [Int] = []
  /// The line that is being read, without its type; nil between lines.
  private var line: (type: UInt8, digits: Int64, isNegative: Bool)?
  /// Bytes of a bulk string that are still to come, with its line end.
  private var rest = 0
  /// The stream made no sense: from here on everything is one endless value.
  private(set) var isLost = false

  /// Reads on.
  ///
  /// - Returns: how many of `bytes` belong to the value that is being read, and whether it ends with
  ///   the last of them.
  mutating func scan(_ bytes: some Collection<UInt8>) -> (count: Int, isWhole: Bool) {
    var count = 0
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if isLost { return (bytes.count, false) }
      if rest > 0 {
        let step = min(rest, bytes.distance(from: index, to: bytes.endIndex))
        rest -= step
        count += step
        index = bytes.index(index, offsetBy: step)
        if rest == 0, endedValue() { return (count, true) }
        continue
      }
      let byte = bytes[index]
      count += 1
      index = bytes.index(after: index)
      if readLine(byte) { return (count, true) }
    }
    return (count, false)
  }

  /// - Returns: whether the whole value has ended with this byte.
  private mutating func readLine(_ byte: UInt8) -> Bool {
    guard var current = line else {
      switch byte {
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "$"),
        UInt8(ascii: "*"):
        line = (byte, 0, false)
      default:
        isLost = true
      }
      return false
    }
    if byte == UInt8(ascii: "\n") {
      line = nil
      return endedLine(current.type, current.isNegative ? -1 : current.digits)
    }
    if byte == UInt8(ascii: "-") { current.isNegative = true }
    if byte >= 0x30, byte <= 0x39, current.digits < 1 << 40 {
      current.digits = current.digits * 10 + Int64(byte - 0x30)
    }
    line = current
    return false
  }

  private mutating func endedLine(_ type: UInt8, _ number: Int64) -> Bool {
    switch type {
    case UInt8(ascii: "$") where number >= 0:
      rest = Int(number) + 2
      return false
    case UInt8(ascii: "*") where number > 0:
      open.append(Int(number))
      return false
    default:
      return endedValue()
    }
  }

  /// An element has ended, and with it perhaps the arrays around it.
  private mutating func endedValue() -> Bool {
    while let last = open.indices.last {
      open[last] -= 1
      if open[last] > 0 { return false }
      open.removeLast()
    }
    return true
  }
}
