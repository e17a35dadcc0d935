import ArgumentParser
import Configuration

/// The flags of `stock serve` that say who may come in, and how.
struct AccessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "PEM file with the certificate: speaks TLS on --host and --tls-port; "
        + "--port is then for this machine only.", valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("PEM file with the certificate's key.", valueName: "file"))
  var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "Port for TLS; 0 takes a free one (default: 8443).", valueName: "number"))
  var tlsPort: Int?

  @Option(
    help: ArgumentHelp(
      "JWK set: tokens signed by one of its keys are taken (HS256, RS256, ES256, EdDSA). "
        + "Or STOCK_JWT_SECRET, for HS256.", valueName: "file"))
  var jwtKeys: String?

  @Option(help: ArgumentHelp("What a token's iss has to be.", valueName: "text"))
  var jwtIssuer: String?

  @Option(help: ArgumentHelp("What a token's aud has to have.", valueName: "text"))
  var jwtAudience: String?

  @Option(
    help: ArgumentHelp(
      "The claim that has the role; a.b where it lies deeper (default: role).", valueName: "name"))
  var jwtRoleClaim: String?

  @Option(
    help: ArgumentHelp("The claim that has the store (default: store_id).", valueName: "name"))
  var jwtStoreClaim: String?

  @Option(
    help: ArgumentHelp(
      "How far the issuer's clock may be off (default: 10s).", valueName: "time"))
  var jwtLeeway: String?

  /// The settings that were given, by name.
  var given: [String: ConfigContent?] {
    [
      "tls-cert": tlsCert.map(ConfigContent.string), "tls-key": tlsKey.map(ConfigContent.string),
      "tls-port": tlsPort.map(ConfigContent.int), "jwt-keys": jwtKeys.map(ConfigContent.string),
      "jwt-issuer": jwtIssuer.map(ConfigContent.string),
      "jwt-audience": jwtAudience.map(ConfigContent.string),
      "jwt-role-claim": jwtRoleClaim.map(ConfigContent.string),
      "jwt-store-claim": jwtStoreClaim.map(ConfigContent.string),
      "jwt-leeway": jwtLeeway.map(ConfigContent.string),
    ]
  }
}
