import NIOHTTP1

// A request whose token has to be checked first waits with all that comes behind it, as it came: once the
// token is known it is read again, from its first byte on.
extension HTTPConnection {
  /// Begins to check the token of the request that was looked at last, if it has to be.
  ///
  /// - Returns: whether the request has to wait.
  func beginTokenCheck() -> Bool {
    guard let value = credentials.unverified else { return false }
    awaitsToken = true
    front.tokenDesk.check(value, for: self)
    return true
  }

  /// - Parameter principal: nil: the token is not good.
  func learn(_ value: [UInt8], _ principal: Principal?) {
    credentials.learn(value, principal, in: front.keys, now: front.now)
  }
}
