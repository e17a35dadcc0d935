public import Logging
public import NIOCore
import StockCore
public import StockEngine

/// How the front behaves. The defaults are meant for production.
public struct HTTPConfiguration: Sendable {
  /// Who is let in.
  public enum Authorization: Sendable {
    /// Bearers of a key.
    case keys
    /// Everybody, with all rights; unknown products are made in store 1. On loopback addresses only.
    case none
  }

  /// Who may read `/metrics`.
  public enum MetricsAccess: String, CaseIterable, Sendable {
    /// Bearers of an admin key.
    case admins
    /// Everybody who reaches the port.
    case everybody
    /// It is not there.
    case nobody
  }

  public var authorization: Authorization = .keys
  /// Checks tokens that are no keys; nil: there are only keys.
  public var tokens: (any TokenVerifier)?
  public var metricsAccess: MetricsAccess = .admins
  /// What the engine's parts tell by swift-metrics, to be shown with the rest.
  public var metrics: MetricRegistry?
  /// Hears of requests that failed; at debug, of all.
  public var logger = Logger(label: "stock.http") { _ in SwiftLogNoOpLogHandler() }
  /// Hears what admins do, and who is refused it: at notice.
  public var auditLogger = Logger(label: "stock.audit") { _ in SwiftLogNoOpLogHandler() }
  /// Open connections, on all loops. One more is answered 503 and closed.
  public var maxConnections = 16_384
  /// Of them, those from one address: one client alone cannot have them all.
  public var maxConnectionsPerAddress = 12_288
  /// How often each key may ask, but for admins' keys. nil: as often as it likes.
  public var rateLimit: RateLimit?
  /// Requests of one connection under way at a time: from then on nothing more is read from it. What
  /// had been read with them is still taken.
  public var maxRequestsUnderWay = 64
  /// How long a connection may be without a request.
  public var idleTimeout = TimeAmount.seconds(75)
  /// How long a request may take to arrive, from the first byte to the last.
  public var requestTimeout = TimeAmount.seconds(30)

  /// For how long reservations can be asked for, in milliseconds. Other than the contract's only in
  /// tests, which cannot wait 30 s for each one to expire.
  public var timeToLive = Bounds.timeToLive

  /// How long who signs in to the web page stays so.
  public struct SessionTimes: Sendable {
    /// Without a request.
    public var idle = TimeAmount.hours(8)
    public var longest = TimeAmount.hours(24)

    public init() {}
  }

  public var sessions = SessionTimes()

  /// `HTTPLimits.maxUnsentBytes`; less only in tests.
  var maxUnsentBytes = HTTPLimits.maxUnsentBytes

  /// `HTTPLimits.eventRingBytes`; less only in tests.
  var eventRingBytes = HTTPLimits.eventRingBytes

  public init(authorization: Authorization = .keys) { self.authorization = authorization }
}
