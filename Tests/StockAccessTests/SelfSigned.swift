import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// A certificate for localhost that signs itself, and its key, both new.
struct SelfSigned {
  let certificate: String
  let key: String

  init() throws {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("localhost") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date(timeIntervalSinceNow: -86_400),
      notValidAfter: Date(timeIntervalSinceNow: 86_400 * 90), issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        SubjectAlternativeNames([.dnsName("localhost")])
      }, issuerPrivateKey: Certificate.PrivateKey(key))
    self.certificate = try certificate.serializeAsPEM().pemString
    self.key = key.pemRepresentation
  }

  /// A client that trusts this certificate alone.
  func client(maximum: TLSVersion? = nil) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)))
    configuration.minimumTLSVersion = .tlsv1
    configuration.maximumTLSVersion = maximum
    return try NIOSSLContext(configuration: configuration)
  }
}
