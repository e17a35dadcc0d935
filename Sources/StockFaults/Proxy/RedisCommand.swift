/// The beginning of a command on its way to Redis: what it is, and of which shard.
struct RedisCommand: Equatable {
  /// In upper case: "EVALSHA".
  var name: String
  /// A script's keys.
  var keyCount: Int?
  /// The first key: `stock:{3}:meta`.
  var key: String?

  /// - Parameter bytes: one whole command; a text beyond its first four words is not looked at.
  init(_ bytes: some Collection<UInt8>) {
    var words: [String] = []
    var index = bytes.startIndex
    func line() -> String? {
      guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      let text = String(decoding: bytes[index..<end].dropLast(), as: UTF8.self)
      index = bytes.index(after: end)
      return text
    }
    if let head = line(), head.hasPrefix("*") {
      while words.count < 4, let head = line(), head.hasPrefix("$"),
        let count = Int(head.dropFirst()),
        let end = bytes.index(index, offsetBy: count, limitedBy: bytes.endIndex)
      {
        // A script's text is long, and none of ours to read.
        words.append(count > 200 ? "" : String(decoding: bytes[index..<end], as: UTF8.self))
        guard let next = bytes.index(end, offsetBy: 2, limitedBy: bytes.endIndex) else { break }
        index = next
      }
    }
    name = words.first?.uppercased() ?? ""
    if name == "EVALSHA" || name == "EVAL" {
      keyCount = words.count > 2 ? Int(words[2]) : nil
      key = words.count > 3 ? words[3] : nil
    } else {
      key = words.count > 1 ? words[1] : nil
    }
  }

  /// commit.lua: the only script of ours with so many keys.
  var isCommit: Bool { keyCount == 7 }

  /// The shard in the key's hash tag; nil for a key of no shard.
  var shard: Int? {
    guard let key, let open = key.firstIndex(of: "{"), let close = key.firstIndex(of: "}"),
      open < close
    else { return nil }
    return Int(key[key.index(after: open)..<close])
  }
}
