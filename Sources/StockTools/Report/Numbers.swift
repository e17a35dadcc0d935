extension FixedWidthInteger {
  /// With thousands separators: 1234567 is "1,234,567".
  public var grouped: String {
    let digits = Array(String(magnitude).utf8)
    var text: [UInt8] = self < 0 ? [UInt8(ascii: "-")] : []
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(UInt8(ascii: ",")) }
      text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension Duration {
  /// In seconds.
  public var seconds: Double {
    let parts = components
    return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
  }

  /// "850 ms", "12.3 s", "4 min 05 s".
  public var spoken: String {
    let value = seconds
    if value < 1 { return "\(Int((value * 1_000).rounded())) ms" }
    if value < 120 { return "\((value * 10).rounded() / 10) s" }
    let whole = Int(value.rounded())
    let rest = whole % 60
    return "\(whole / 60) min \(rest < 10 ? "0" : "")\(rest) s"
  }

  /// How many of `count` a second, as a whole number.
  public func rate(of count: Int) -> Int {
    seconds > 0 ? Int((Double(count) / seconds).rounded()) : 0
  }
}
