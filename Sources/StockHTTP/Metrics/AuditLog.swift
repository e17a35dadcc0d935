import Logging
import StockCore

// Who did what to the engine itself: stores, products, keys, corrections of stock, sign-ins. One line each,
// whether it was done or refused; what a store does with its own stock is in the ledger.
extension LoopFront {
  /// Lines a second that one loop writes at most of requests that were refused: whoever has no key must
  /// not fill the disk. What was done is always written.
  static let maxRefusalLines = 10

  /// Of what stores may do too, only what an admin did. Never a key, a token, a cookie or a body: there are secrets in them.
  func audit(_ exchange: Exchange, from connection: HTTPConnection) {
    let status = exchange.head.status
    let who = exchange.signingIn ?? exchange.principal
    if exchange.endpoint.isOfStores, who.role != .admin { return }
    if status >= 400 {
      guard auditRefusals < Self.maxRefusalLines else {
        auditRefusalsDropped += 1
        return
      }
      auditRefusals += 1
    }
    let route = exchange.endpoint.route
    var metadata: Logger.Metadata = [
      "actor": "\(Self.actor(who))", "peer": "\(connection.peer)", "method": "\(route.method)",
      "route": "\(route.path)", "status": "\(status)",
      "request_id": "\(text(of: exchange.head.requestID))",
    ]
    let name = who.actor == 0 ? "" : keys.name(of: who.actor)
    if !name.isEmpty { metadata["name"] = "\(name)" }
    if exchange.session != nil { metadata["by"] = "session" }
    if exchange.id > 0 { metadata["id"] = "\(exchange.id)" }
    if let made = exchange.madeID { metadata["made"] = "\(made)" }
    if exchange.subject.product > 0 { metadata["product_id"] = "\(exchange.subject.product)" }
    if let code = exchange.problem { metadata["code"] = "\(code.name)" }
    if exchange.head.shard >= 0 {
      metadata["shard"] = "\(exchange.head.shard)"
      metadata["sequence"] = "\(exchange.head.sequence)"
    }
    metadata.add(traceOf: exchange)
    auditLogger.notice(status < 400 ? "done" : "refused", metadata: metadata)
  }

  private static func actor(_ who: Principal) -> String {
    who.actor == 0
      ? "nobody" : (Principal.isOfToken(who.actor) ? "token:" : "key:") + String(who.actor)
  }

  /// Called every second.
  func renewAuditBudget() {
    auditRefusals = 0
    guard auditRefusalsDropped > 0 else { return }
    auditLogger.notice("more refused", metadata: ["count": "\(auditRefusalsDropped)"])
    auditRefusalsDropped = 0
  }
}

extension Endpoint {
  /// Stores have it too, for their own stock.
  fileprivate var isOfStores: Bool { self == .putEntry || self == .deleteEntry }

  /// Changes what the engine is, corrects stock on behalf of a store, or takes all of it away.
  var isAudited: Bool {
    switch self {
    case .putStore, .putProduct, .adminSet, .adminAdjust, .createKey, .revokeKey, .verify, .export,
      .signIn, .signOut, .putEntry, .deleteEntry:
      true
    case .set, .adjust, .reserve, .release, .fulfill, .transfer, .batch, .hold, .readHold,
      .listHolds, .extendHold, .fulfillHold, .releaseHold, .listMovements, .events, .live,
      .readSummary, .listEntries, .readEntry, .readStore, .listStores, .readProduct, .listProducts,
      .listAllEntries, .listStoreEntries, .lowStock, .stats,
      .listStockedStores, .listLocations, .listKeys, .health, .readiness, .metrics, .page,
      .readSession, .none:
      false
    }
  }
}
