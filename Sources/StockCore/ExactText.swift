/// Texts of clients are their bytes, as they are to Redis: `==` of strings takes "é" and "e" with an accent
/// behind it for the same (Unicode's canonical equivalence), and Redis does not. What memory takes for one
/// and Redis for two, a commit would be refused for again and again.
extension String {
  /// The same bytes in UTF-8.
  public func isExactly(_ other: String) -> Bool {
    var (left, right) = (self, other)
    return left.withUTF8 { left in right.withUTF8 { right in left.elementsEqual(right) } }
  }

  /// Goes with `isExactly`.
  func hashExactly(into hasher: inout Hasher) {
    var text = self
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// A text as a key of a table: its bytes.
public struct ExactText: Hashable, Sendable {
  public var text: String

  public init(_ text: String) { self.text = text }

  public static func == (left: Self, right: Self) -> Bool { left.text.isExactly(right.text) }

  public func hash(into hasher: inout Hasher) { text.hashExactly(into: &hasher) }
}
