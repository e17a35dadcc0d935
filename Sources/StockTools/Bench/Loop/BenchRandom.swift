/// Random numbers from a seed, cheap (SplitMix64: Steele, Lea, Flood 2014).
struct BenchRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// 0 up to, not including, `bound`, by the high half of a product: no division, and a bias below
  /// bound / 2^64.
  @inline(__always)
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// 0 up to, not including, 1.
  @inline(__always)
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
