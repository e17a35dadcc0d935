import NIOHTTP1
import StockCore
import StockEngine

@testable import StockHTTP

/// Who is let in. The first byte says by what: a token of others as it is, one whose claims or whose
/// header and claims we sign, keys, a cookie.
///
/// Nobody is who does not show what was given out: a text that was signed, a key that is there, a
/// session's own id, and for a change its second token as well.
enum AccessFuzzer {
  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var choices = Choices(input)
    switch choices.choice(of: 5) {
    case 0: return SignedTokens.shared?.raw(Array(choices.rest))
    case 1: return SignedTokens.shared?.claims(Array(choices.rest))
    case 2:
      let signer = choices.choice(of: SignedTokens.Signer.allCases.count)
      return SignedTokens.shared?.headers(Array(choices.rest), SignedTokens.Signer.allCases[signer])
    case 3: return keys(choices.rest)
    default: return cookies(&choices)
    }
  }

  // MARK: Keys

  /// Values of `Authorization`, one a line, of one connection. A line `-role` takes a key away, `+role`
  /// gives it back, `@` lets a minute pass.
  private static func keys(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    let control = FuzzControl()
    let cache = KeyCache(control)
    var credentials = Credentials()
    var now = FuzzControl.now
    for line in input.split(separator: 0x0A, omittingEmptySubsequences: false) {
      let text = String(decoding: line.dropFirst(), as: UTF8.self)
      switch line.first {
      case UInt8(ascii: "-"): control.remove(text)
      case UInt8(ascii: "+"): control.add(text)
      case UInt8(ascii: "@"): now += 60_000
      default:
        credentials.begin()
        let principal = credentials.principal(
          for: UnsafeBufferPointer(rebasing: line), in: cache, now: now)
        let expected = key(in: Array(line), control)
        guard principal?.actor == expected?.id else {
          return "\(Array(line)) is key \(principal?.actor ?? 0) instead of \(expected?.id ?? 0)"
        }
        if let principal, principal != expected.map({ Principal($0) }) {
          return "\(principal) may what its key may not"
        }
        if credentials.unverified != nil { return "a key waits for the tokens of others" }
      }
      cache.refresh()
    }
    return nil
  }

  private static func key(in value: [UInt8], _ control: FuzzControl) -> APIKey? {
    let scheme = value.prefix(7).map { 65...90 ~= $0 ? $0 | 0x20 : $0 }
    guard scheme == Array("bearer ".utf8), value.count <= 4_096 else { return nil }
    let token = value.dropFirst(7).drop { $0 == 0x20 }
    return control.snapshot.keys.values.first { token.elementsEqual($0.name.utf8) }
  }

  // MARK: Cookies

  /// Header fields of a browser who has signed in; `@` in them stands for the session's id, `#` for the
  /// token that changes need. First comes which request.
  private static func cookies(_ choices: inout Choices) -> String? {
    let lines = [
      "GET /api/v1/admin/inventory/41", "DELETE /api/v1/admin/inventory/41",
      "PUT /api/v1/admin/products/5", "GET /api/v1/store/inventory/41",
    ]
    let line = lines[choices.choice(of: lines.count)]
    guard let wire = FrontWire(FrontWire.Answering(), scans: true) else { return nil }
    defer { wire.close() }
    let id = wire.signIn()
    let token = SessionStore.csrfToken(id)
    var request = Array("\(line) HTTP/1.1\r\nHost: stock\r\n".utf8)
    for byte in choices.rest {
      switch byte {
      case UInt8(ascii: "@"): request += id.utf8
      case UInt8(ascii: "#"): request += token.utf8
      case 0x0A: request += [0x0D, 0x0A]
      default: request.append(byte)
      }
    }
    request += "\r\n\r\n".utf8
    request.withUnsafeBufferPointer { wire.send($0) }
    wire.settle()
    guard wire.commands > 0 else { return nil }
    // Keys of the control plane are let in as well.
    let text = String(decoding: choices.rest, as: UTF8.self)
    if text.lowercased().contains("authorization") { return nil }
    guard text.contains("@") else { return "let in without a session: \(text)" }
    if !line.hasPrefix("GET"), wire.changes > 0, !text.contains("#") {
      return "a change without its token: \(text)"
    }
    return nil
  }
}
