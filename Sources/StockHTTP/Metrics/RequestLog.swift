import Logging
import NIOCore

extension LoopFront {
  /// Lines a second that one loop writes at most: when Redis is away, every request fails.
  static let maxLogLines = 10

  /// Writes about a request that failed; at debug, about each one. Never a header's value but the ids,
  /// and nothing of a body: there may be secrets in them.
  func log(_ exchange: Exchange, microseconds: Int) {
    let failed = exchange.head.status >= 500
    let level: Logger.Level = failed ? .warning : .debug
    if failed, !logsRequests {
      guard logLines < Self.maxLogLines else {
        logLinesDropped += 1
        return
      }
      logLines += 1
    }
    let route = exchange.endpoint.route
    var metadata: Logger.Metadata = [
      "request_id": "\(text(of: exchange.head.requestID))",
      "method": "\(route.method)", "route": "\(route.path)",
      "status": "\(exchange.head.status)", "duration_us": "\(microseconds)",
    ]
    if let code = exchange.problem { metadata["code"] = "\(code.name)" }
    if exchange.head.shard >= 0 {
      metadata["shard"] = "\(exchange.head.shard)"
      metadata["sequence"] = "\(exchange.head.sequence)"
    }
    metadata.add(traceOf: exchange)
    logger.log(level: level, failed ? "request failed" : "request", metadata: metadata)
  }

  /// Called every second.
  func renewLogBudget() {
    logLines = 0
    guard logLinesDropped > 0 else { return }
    logger.warning("more requests failed", metadata: ["count": "\(logLinesDropped)"])
    logLinesDropped = 0
  }

  /// As it stands in the response's header.
  func text(of id: RequestID) -> String {
    switch id {
    case .client(let text): return text
    case .number(let number):
      let digits = String(number, radix: 16)
      return idPrefixText + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
  }
}

extension Logger.Metadata {
  /// What the client said of its trace, if it did.
  mutating func add(traceOf exchange: Exchange) {
    guard let traceParent = exchange.traceParent else { return }
    self["traceparent"] = "\(traceParent)"
    self["trace_id"] = "\(traceParent.dropFirst(3).prefix(32))"
  }
}
