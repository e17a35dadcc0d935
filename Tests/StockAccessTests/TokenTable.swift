import StockCore
import StockEngine

/// Tokens that are taken and such that are not, one a line.
enum TokenTable {
  static let now: Timestamp = 1_795_411_800_000
  static let seconds: Double = 1_795_411_800

  /// What a good token of a store's says.
  static let claims: Fields = [
    "iss": "https://id.example", "aud": ["stock", "other"], "sub": "alice", "exp": seconds + 60,
    "nbf": seconds - 60, "role": "store", "store_id": 7,
  ]

  static let badHeaders: [(name: String, header: Fields, refusal: String)] = [
    ("none", ["alg": "none"], "unknown algorithm"),
    ("None", ["alg": "None"], "unknown algorithm"),
    ("NONE", ["alg": "NONE", "kid": nil], "unknown algorithm"),
    ("empty", ["alg": ""], "unknown algorithm"),
    ("no alg", ["alg": nil], "unknown algorithm"),
    ("number", ["alg": 1], "unknown algorithm"),
    ("list", ["alg": ["HS256"]], "unknown algorithm"),
    ("other case", ["alg": "hs256"], "unknown algorithm"),
    ("HS384", ["alg": "HS384"], "unknown algorithm"),
    ("RS512", ["alg": "RS512"], "unknown algorithm"),
    ("PS256", ["alg": "PS256"], "unknown algorithm"),
    ("ES384", ["alg": "ES384"], "unknown algorithm"),
    ("crit", ["crit": ["exp"]], "critical extension"),
    ("b64", ["b64": false], "critical extension"),
    ("typ", ["typ": "secevent+jwt"], "wrong type"),
    ("typ number", ["typ": 1], "wrong type"),
    ("no such kid", ["kid": "none of them"], "no such key for this algorithm"),
    ("empty kid", ["kid": ""], "no such key for this algorithm"),
    ("kid number", ["kid": 1], "malformed"),
    ("kid path", ["kid": "../../../../dev/null"], "no such key for this algorithm"),
    (
      "own key", ["kid": "mine", "jwk": ["kty": "oct", "k": "AAAA"]],
      "no such key for this algorithm"
    ),
    (
      "key elsewhere", ["kid": "mine", "jku": "http://127.0.0.1/"], "no such key for this algorithm"
    ),
  ]

  static let badClaims: [(name: String, change: Fields, refusal: String)] = [
    ("no issuer", ["iss": nil], "wrong issuer"),
    ("another issuer", ["iss": "https://id.example/"], "wrong issuer"),
    ("issuers", ["iss": ["https://id.example"]], "wrong issuer"),
    ("no audience", ["aud": nil], "wrong audience"),
    ("another audience", ["aud": "Stock"], "wrong audience"),
    ("other audiences", ["aud": ["a", "b"]], "wrong audience"),
    ("no expiry", ["exp": nil], "no expiry"),
    ("expiry as text", ["exp": "\(Int(seconds + 60))"], "no expiry"),
    ("expiry in milliseconds", ["exp": Double(now) + 60_000], "no expiry"),
    ("negative expiry", ["exp": -1], "no expiry"),
    ("expired", ["exp": seconds - 10], "expired"),
    ("long expired", ["exp": 0], "expired"),
    ("not yet", ["nbf": seconds + 11], "not yet valid"),
    ("not yet, as text", ["nbf": "0"], "not yet valid"),
    ("no subject", ["sub": nil], "no subject"),
    ("empty subject", ["sub": ""], "no subject"),
    ("subject as number", ["sub": 5], "no subject"),
    ("line's end in subject", ["sub": "x\nforged"], "control characters in the subject"),
    ("escape in subject", ["sub": "x\u{1B}[31m"], "control characters in the subject"),
    ("C1 in subject", ["sub": "x\u{9B}31m"], "control characters in the subject"),
    ("line separator in subject", ["sub": "x\u{2028}y"], "control characters in the subject"),
    ("long subject", ["sub": String(repeating: "s", count: 256)], "no subject"),
    ("no role", ["role": nil], "no role, or more than one"),
    ("unknown role", ["role": "root"], "no role, or more than one"),
    ("role in other case", ["role": "Admin"], "no role, or more than one"),
    ("two roles", ["role": ["read", "store"]], "no role, or more than one"),
    ("no role of ours", ["role": ["user"]], "no role, or more than one"),
    ("no store", ["store_id": nil], "no store for the role"),
    ("store 0", ["store_id": 0], "no store for the role"),
    ("store -1", ["store_id": -1], "no store for the role"),
    ("store 1.5", ["store_id": 1.5], "no store for the role"),
    ("store beyond 2^53", ["store_id": 9_007_199_254_740_992], "no store for the role"),
    ("store with a sign", ["store_id": "+7"], "no store for the role"),
    ("stores", ["store_id": [7]], "no store for the role"),
    ("admin with a store", ["role": "admin"], "a store for an admin"),
    (
      "admin with no store's null", ["role": "admin", "store_id": Null() as any Sendable],
      "a store for an admin"
    ),
  ]

  /// What may stand behind the other claims, and makes them something that is read in two ways.
  static let ambiguous = [
    #","role":"read","role":"admin"}"#, #","role":"read","role":"read"}"#,
    #","role":"read","\u0072ole":"admin"}"#, #","role":"read","iss":"other"}"#,
    #","role":"read","more":{"a":1,"a":2}}"#, #","role":"read","more":[[{"a":1,"a":1}]]}"#,
    ",\"role\":\"read\",\"e\u{301}\":1,\"\u{E9}\":2}", #","role":"read",}"#, #","role":"read"} {}"#,
    ",\"role\":\"read\"}\u{0}",
    #","role":"read","more":\#(String(repeating: "[", count: 16))"#
      + String(repeating: "]", count: 16) + "}",
  ]

  static let goodClaims: [(name: String, change: Fields, role: Role)] = [
    ("one audience", ["aud": "stock"], .store),
    ("no begin", ["nbf": nil], .store),
    ("within the leeway of expiry", ["exp": seconds - 9.5], .store),
    ("within the leeway of begin", ["nbf": seconds + 9.5], .store),
    ("a role in a list", ["role": ["user", "checkout"]], .checkout),
    ("store in digits", ["store_id": "7"], .store),
    ("an admin", ["role": "admin", "store_id": nil], .admin),
    (
      "more claims",
      ["scope": "x", "nested": ["a": [1, true, Null()] as [any Sendable]] as Fields], .store
    ),
  ]
}
