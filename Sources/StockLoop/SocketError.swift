#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the kernel says about a call that failed.
public struct SocketError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call's name.
  public let call: String
  /// The kernel's number for the reason (`errno`).
  public let code: CInt

  public init(_ call: String, _ code: CInt) {
    self.call = call
    self.code = code
  }

  /// To be made right behind the call that failed.
  init(_ call: String) { self.init(call, errno) }

  public var description: String { "\(call): \(String(cString: strerror(code))) (\(code))" }
}
