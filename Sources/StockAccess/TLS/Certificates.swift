import Foundation
import NIOSSL

/// The engine's certificate and key, read from PEM files.
struct Certificates: Sendable {
  let context: NIOSSLContext
  /// When the certificate ends, in seconds since 1970.
  let endsAt: Int

  /// What of TLS 1.2 is taken: forward secrecy and authenticated encryption. TLS 1.3 has nothing else.
  static let cipherSuites = [
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
  ].joined(separator: ":")

  /// - Parameters:
  ///   - chain: path of the certificate and those between it and the root, in this order.
  ///   - key: path of its private key.
  /// - Throws: where a file cannot be read, or the key is not the certificate's.
  init(chain chainPath: String, key keyPath: String) throws(AccessError) {
    let chain: [NIOSSLCertificate]
    do {
      let data = try FileStamp.content(of: chainPath)
      chain = try NIOSSLCertificate.fromPEMBytes(Array(data))
    } catch let error as AccessError {
      throw error
    } catch {
      throw AccessError("\(chainPath) has no certificate in PEM")
    }
    guard let leaf = chain.first else {
      throw AccessError("\(chainPath) has no certificate in PEM")
    }
    let key: NIOSSLPrivateKey
    do {
      let data = try FileStamp.content(of: keyPath)
      key = try NIOSSLPrivateKey(bytes: Array(data), format: .pem)
    } catch let error as AccessError {
      throw error
    } catch {
      throw AccessError("\(keyPath) has no private key in PEM, or one with a password")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuites = Self.cipherSuites
    configuration.applicationProtocols = ["http/1.1"]
    do {
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      throw AccessError("\(keyPath) is not the key of the certificate in \(chainPath)")
    }
    endsAt = Int(leaf.notValidAfter)
  }
}
