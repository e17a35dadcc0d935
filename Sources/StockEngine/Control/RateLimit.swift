/// How many requests a key may make: `rate` a second in the long run, `burst` at once.
public struct RateLimit: Equatable, Sendable {
  /// The least and the largest of both.
  public static let range = 1...1_000_000

  /// Requests a second.
  public let rate: Int
  /// Requests that may come at once.
  public let burst: Int

  /// What is out of range is taken as the bound next to it.
  public init(rate: Int, burst: Int) {
    self.rate = min(max(rate, Self.range.lowerBound), Self.range.upperBound)
    self.burst = min(max(burst, Self.range.lowerBound), Self.range.upperBound)
  }
}
