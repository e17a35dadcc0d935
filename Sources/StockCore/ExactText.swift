/// Texts of clients are their bytes, as they are to Redis: `==` of strings takes "é" and "e" with an accent
/// behind it for the same (Unicode's canonical equivalence), and Redis does not. What memory takes for one
/// and Redis for two, a commit would be refused for again and again.
extension String {
  /// The same bytes in UTF-8.
  public func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }

  /// Goes with `isExactly`.
  func hashExactly(into hasher: inout Hasher) {
    // The count keeps two texts behind each other apart from one.
    hasher.combine(utf8.count)
    for byte in utf8 { hasher.combine(byte) }
  }
}
