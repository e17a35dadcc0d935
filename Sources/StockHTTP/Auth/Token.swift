import Crypto

/// The text that a key's bearer shows: "sk_" and 32 random bytes in base 64.
enum Token {
  /// From the system's generator, which is good enough for secrets.
  static func make() -> String {
    var generator = SystemRandomNumberGenerator()
    let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return "sk_" + Base64URL.encode(secret)
  }

  /// All that is kept of a token.
  static func digest(_ token: some Sequence<UInt8>) -> [UInt8] {
    Array(SHA256.hash(data: Array(token)))
  }
}
