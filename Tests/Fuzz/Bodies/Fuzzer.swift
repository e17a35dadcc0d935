#if canImport(Glibc)
  import Glibc
#endif

/// Something that is tried with any bytes: it must not crash, and must keep its promises.
public struct Fuzzer: Sendable {
  public let name: String
  /// - Returns: which promise was broken, in words; nil for none.
  public let check: @Sendable (UnsafeBufferPointer<UInt8>) -> String?

  public static let all = [
    Fuzzer(name: "json", check: JSONFuzzer.check),
    Fuzzer(name: "replies", check: ReplyFuzzer.check),
    Fuzzer(name: "csv", check: CSVFuzzer.check),
    Fuzzer(name: "tokens", check: TokenFuzzer.check),
    Fuzzer(name: "http", check: HTTPFuzzer.check),
    Fuzzer(name: "front", check: FrontFuzzer.check),
    Fuzzer(name: "access", check: AccessFuzzer.check),
  ]

  public static func named(_ name: String) -> Fuzzer? { all.first { $0.name == name } }

  /// What the environment asks for.
  public static var chosenName: String? { getenv("STOCK_FUZZER").map { String(cString: $0) } }

  private static let chosen = chosenName.flatMap(named)

  /// Tries the one that the environment asks for. A broken promise ends the process, with the reason:
  /// that is what libFuzzer keeps the input of.
  public static func runChosen(_ bytes: UnsafeBufferPointer<UInt8>) {
    if let broken = chosen?.check(bytes) { fatalError(broken) }
  }
}

/// Takes numbers from the front of an input: choices.
struct Choices {
  private(set) var rest: UnsafeBufferPointer<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = bytes }

  /// 0 up to `count`, from one byte; 0 where there is none. ASCII digits and letters choose in their
  /// order, so that inputs can be written by hand.
  mutating func choice(of count: Int) -> Int {
    guard let byte = rest.first else { return 0 }
    rest = UnsafeBufferPointer(rebasing: rest.dropFirst())
    let value =
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 48
      case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte) - 87
      default: Int(byte)
      }
    return value % count
  }
}
