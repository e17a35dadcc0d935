/// The token of the first admin key, as an operator has chosen it (STOCK_ADMIN_KEY).
public enum AdminKey {
  /// Fewer could be guessed.
  public static let minBytes = 20
  /// The value of an Authorization header has at most 4,096 bytes, "Bearer " among them.
  public static let maxBytes = 4_096 - 7

  /// Without newlines at its end: a secret that is read from a file often brings one along.
  static func trimmed(_ given: String) -> String {
    var token = given[...]
    while let last = token.unicodeScalars.last, last == "\n" || last == "\r" {
      token.unicodeScalars.removeLast()
    }
    return String(token)
  }

  /// What is wrong with a token, without telling it; nil: a request can carry it.
  public static func problem(with token: String) -> String? {
    guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      return "STOCK_ADMIN_KEY has blanks, line breaks or letters that are not ASCII: "
        + "no Authorization header could carry it"
    }
    guard token.utf8.count <= maxBytes else {
      return "STOCK_ADMIN_KEY is too long: \(token.utf8.count.grouped) characters, "
        + "and an Authorization header can carry \(maxBytes.grouped)"
    }
    guard token.utf8.count >= minBytes else {
      return "STOCK_ADMIN_KEY is too short: take at least \(minBytes) characters, random ones"
    }
    return nil
  }
}
