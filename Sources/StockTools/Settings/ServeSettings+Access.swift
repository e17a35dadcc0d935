/// How clients may come in besides with keys and in the clear.
extension ServeSettings {
  /// Tokens that somebody else signs.
  public struct Tokens: Equatable, Sendable {
    /// The path of a JWK set; nil: there is a secret.
    public var keys: String?
    /// For HS256 (STOCK_JWT_SECRET: it has no flag, which `ps` would show).
    public var secret: String?
    public var issuer: String
    public var audience: String
    public var roleClaim: String
    public var storeClaim: String
    /// Milliseconds.
    public var leeway: Int64

    /// nil: nothing of them was set.
    init?(_ read: SettingReader, _ authentication: Authentication) throws {
      keys = try read.string("jwt-keys")
      secret = try read.string("jwt-secret")
      let issuer = try read.string("jwt-issuer")
      let audience = try read.string("jwt-audience")
      let roleClaim = try read.string("jwt-role-claim")
      let storeClaim = try read.string("jwt-store-claim")
      let leeway = try read.milliseconds("jwt-leeway", from: "0s", to: "5m")
      if keys == nil, secret == nil {
        guard issuer == nil, audience == nil, roleClaim == nil, storeClaim == nil, leeway == nil
        else { throw ToolError("--jwt-keys or STOCK_JWT_SECRET is needed to check tokens with") }
        return nil
      }
      guard keys == nil || secret == nil else {
        throw ToolError("--jwt-keys and STOCK_JWT_SECRET: one of them, not both")
      }
      guard let issuer, let audience else {
        throw ToolError(
          "--jwt-issuer and --jwt-audience are needed: "
            + "else tokens would be taken that are meant for somebody else")
      }
      guard authentication == .keys else { throw ToolError("--auth none takes no tokens") }
      self.issuer = issuer
      self.audience = audience
      self.roleClaim = roleClaim ?? "role"
      self.storeClaim = storeClaim ?? "store_id"
      self.leeway = leeway ?? 10_000
    }
  }

  public struct TLS: Equatable, Sendable {
    /// Paths of PEM files.
    public var certificate: String
    public var key: String
    /// 0 takes a free one.
    public var port: Int

    /// nil: nothing of it was set.
    init?(_ read: SettingReader) throws {
      let certificate = try read.string("tls-cert")
      let key = try read.string("tls-key")
      let port = try read.int("tls-port", in: 0...65_535)
      if certificate == nil, key == nil, port == nil { return nil }
      guard let certificate, let key else {
        throw ToolError("--tls-cert and --tls-key are needed for TLS")
      }
      self.certificate = certificate
      self.key = key
      self.port = port ?? 8443
    }
  }

  /// Where plain HTTP is spoken: with TLS, on this machine only.
  public var plainHost: String { tls == nil ? host : "127.0.0.1" }
}
