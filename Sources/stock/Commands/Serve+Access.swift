import Logging
import NIOConcurrencyHelpers
import NIOCore
import StockAccess
import StockHTTP
import StockTools

/// Tokens and TLS of one `stock serve`, as its settings want them.
final class Access: Sendable {
  let tokens: JWTVerifier?
  private let settings: ServeSettings
  private let logger: Logger
  private let listener = NIOLockedValueBox<TLSListener?>(nil)
  private let watches = NIOLockedValueBox<[Task<Void, Never>]>([])

  private init(_ settings: ServeSettings, tokens: JWTVerifier?, logger: Logger) {
    self.settings = settings
    self.tokens = tokens
    self.logger = logger
  }

  /// Reads the keys of tokens.
  static func start(_ settings: ServeSettings, logger: Logger) async throws -> Access {
    do throws(AccessError) {
      let tokens = try await settings.tokens?.verifier(logger)
      return Access(settings, tokens: tokens, logger: logger)
    } catch {
      throw ToolError("tokens: \(error)")
    }
  }

  /// Speaks TLS, if that is wanted, and hands the connections to `server`. Files are looked at from now on.
  func listen(before server: HTTPServer) async throws {
    if let wanted = settings.tlsListener {
      do throws(AccessError) {
        let started = try await TLSListener.start(wanted, logger: logger) { socket, peer in
          // It is a socket: nothing else is thrown for.
          try? server.adopt(descriptor: socket, isSecure: true, address: peer)
        }
        listener.withLockedValue { $0 = started }
        watch { await started.watch() }
      } catch {
        throw ToolError("TLS: \(error)")
      }
    }
    if let tokens { watch { await tokens.watch() } }
  }

  var secureAddress: SocketAddress? { listener.withLockedValue { $0 }?.localAddress }

  private func watch(_ body: @escaping @Sendable () async -> Void) {
    watches.withLockedValue { $0.append(Task { await body() }) }
  }

  /// To be called when the server has answered everybody.
  func stop() async {
    for task in watches.withLockedValue({ $0 }) { task.cancel() }
    await listener.withLockedValue { $0 }?.stop()
  }
}

extension ServeSettings {
  /// Files that may have to be open at once: a connection by TLS is three, the client's socket and the
  /// two that carry its plain bytes (ADR 25).
  var neededFiles: Int {
    (maxConnections ?? HTTPConfiguration().maxConnections) * (tls == nil ? 1 : 3) + FileLimit.spare
  }

  /// Takes as many connections by TLS as there may be without; nil: no TLS.
  var tlsListener: TLSListener.Settings? {
    guard let tls else { return nil }
    var wanted = TLSListener.Settings(
      host: host, port: tls.port, certificate: tls.certificate, key: tls.key)
    wanted.onlyLoopback = authentication == .none
    let limits = HTTPConfiguration()
    wanted.maxConnections = maxConnections ?? limits.maxConnections
    wanted.maxConnectionsPerAddress = maxConnectionsPerAddress ?? limits.maxConnectionsPerAddress
    return wanted
  }
}

extension ServeSettings.Tokens {
  fileprivate func verifier(_ logger: Logger) async throws(AccessError) -> JWTVerifier {
    let source: JWTVerifier.Settings.Keys = keys.map { .file($0) } ?? .secret(secret ?? "")
    var wanted = JWTVerifier.Settings(keys: source, issuer: issuer, audience: audience)
    wanted.roleClaim = roleClaim
    wanted.storeClaim = storeClaim
    wanted.leeway = leeway
    return try await JWTVerifier(wanted, logger: logger)
  }
}
