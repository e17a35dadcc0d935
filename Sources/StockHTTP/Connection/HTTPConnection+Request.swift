import NIOCore
import NIOHTTP1
import StockCore
import StockLoop

// From bytes to a request.
extension HTTPConnection {
  // MARK: Plain requests, read where they lie

  /// Takes requests out of what came, as long as they are plain. What is not goes to NIO's decoder,
  /// with all that follows on this connection.
  func scan(_ bytes: UnsafeRawBufferPointer) {
    guard front.scansPlainRequests else { return decode(bytes) }
    guard var joined = held else {
      let used = take(bytes)
      if used < bytes.count { hold(bytes[used...]) }
      return
    }
    held = nil
    joined.append(contentsOf: bytes)
    let used = joined.withUnsafeBytes { take($0) }
    guard used < joined.count else { return }
    if used == 0 { held = joined } else { held = Array(joined[used...]) }
  }

  private func hold(_ bytes: Slice<UnsafeRawBufferPointer>) { held = Array(bytes) }

  /// - Returns: how many bytes need not be kept: all but the beginning of a request whose rest has not
  ///   come, and requests that there is no room for, or whose token is being checked.
  private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !awaitsToken else { return 0 }
    var start = 0
    while start < bytes.count, !ignoresInput {
      guard hasRoom() else { return start }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
      var scanner = RequestScanner()
      credentials.begin()
      let scan = scanner.scan(
        rest.assumingMemoryBound(to: UInt8.self), authorize: principal(for:))
      switch scan {
      case .complete(let length):
        sawPart = true
        if beginTokenCheck() { return start }
        end(
          plain(scanner), body: UnsafeRawBufferPointer(rebasing: rest[scanner.bodyStart..<length]))
        start += length
      case .incomplete:
        return start
      case .unusual:
        decode(rest)
        return bytes.count
      }
    }
    return bytes.count
  }

  private func plain(_ scanner: borrowing RequestScanner) -> Exchange {
    let fields = scanner.fields
    var head = ResponseHead(fields.requestID.map { .client($0) } ?? front.makeRequestID())
    head.keepsAlive = !front.isDraining
    let exchange = front.exchange(head)
    do throws(Problem) {
      try judge(scanner.target, scanner.method, isVersion11: true, fields, exchange)
    } catch {
      exchange.refusal = error
    }
    return exchange
  }

  /// From here on NIO's decoder reads.
  private func decode(_ rest: UnsafeRawBufferPointer) {
    do {
      let decoder = try RequestDecoder(self)
      self.decoder = decoder
      decoder.take(rest)
    } catch {
      close()
    }
  }

  private func principal(for value: UnsafeBufferPointer<UInt8>) -> Principal? {
    switch front.configuration.authorization {
    case .none: nil
    case .keys: credentials.principal(for: value, in: front.keys, now: front.now)
    }
  }

  // MARK: Decoded requests

  /// A request's header is complete. Whatever can be judged by it is judged now; the answer waits for
  /// the request's end, unless its rest shall not be read at all.
  func begin(_ head: HTTPRequestHead) {
    credentials.begin()
    let fields = HeaderFields(head.headers, authorize: principal(for:))
    if beginTokenCheck() { return }
    var response = ResponseHead(fields.requestID.map { .client($0) } ?? front.makeRequestID())
    response.isOldVersion = !head.isVersion11
    // Behind an upgrade or CONNECT the decoder takes no more requests.
    response.keepsAlive =
      head.isKeepAlive && !fields.wantsUpgrade && head.method != .CONNECT && !front.isDraining

    let request = front.exchange(response)
    request.isHead = head.method == .HEAD
    var uri = head.uri
    uri.withUTF8 { target in
      do throws(Problem) {
        try judge(target, head.method, isVersion11: head.isVersion11, fields, request)
      } catch {
        request.refusal = error
      }
    }
    let waitsForLeave = fields.expectsContinue && fields.hasBody
    if let refusal = request.refusal {
      let isTooLong = (fields.contentLength ?? 0) > Bounds.maxBodyBytes
      let isHopeless =
        fields.hasOddCoding || refusal.code == .payloadTooLarge || refusal.code == .headersTooLarge
      if waitsForLeave || isTooLong || isHopeless {
        inbound = request
        refuseRest(refusal)
        return
      }
    }
    inbound = request
    owesContinue = waitsForLeave && !response.isOldVersion
  }

  /// Asks everything that the header can answer, in the order that a client can rely on: well formed,
  /// who, where, may they, what kind of body.
  private func judge(
    _ target: UnsafeBufferPointer<UInt8>, _ method: HTTPMethod, isVersion11: Bool,
    _ fields: HeaderFields, _ request: Exchange
  ) throws(Problem) {
    if fields.hostCount > 1 || (fields.hostCount == 0 && isVersion11) {
      request.head.keepsAlive = false
      throw .invalid("Host", "must be given once")
    }
    if fields.hasOddHost {
      request.head.keepsAlive = false
      throw .invalid("Host", "must be a name or an address, perhaps with a port")
    }
    if fields.hasOddCoding || (fields.isChunked && !isVersion11) {
      request.head.keepsAlive = false
      throw .invalid("Transfer-Encoding", "must be chunked and nothing else, in HTTP/1.1")
    }
    if target.count > HTTPLimits.maxHeaderBytes / 2 { throw .headersTooLarge }
    try route(RequestTarget(target), method, fields, request)

    request.keepsBody = method == .POST || method == .PUT
    if request.keepsBody, fields.hasBody, !fields.isJSON || fields.isEncoded {
      throw .unsupportedMediaType
    }
    request.bodyLimit = request.endpoint == .batch ? Bounds.maxBatchBodyBytes : Bounds.maxBodyBytes
    if let length = fields.contentLength, length > request.bodyLimit {
      throw .payloadTooLarge(limit: request.bodyLimit)
    }
    request.lastEventID = fields.lastEventID
    request.traceParent = fields.traceParent
    if fields.idempotencyKeyCount > 0, request.keepsBody || method == .DELETE {
      guard fields.idempotencyKeyCount == 1 else {
        throw .invalid("Idempotency-Key", "must be given once")
      }
      guard let key = fields.idempotencyKey else {
        throw .invalid(
          "Idempotency-Key",
          "must be 1 to \(Bounds.maxIdempotencyKeyBytes) visible ASCII characters")
      }
      request.idempotency = IdempotencyContext(
        key, owner: request.principal, method: method, target: target, ifMatch: fields.ifMatch)
    }
    if let ifMatch = fields.ifMatch {
      guard let precondition = IfMatch(ifMatch) else {
        throw .invalid("If-Match", IfMatch.message)
      }
      request.expectedVersions = precondition.versions
    }
  }

  private func route(
    _ target: RequestTarget, _ method: HTTPMethod, _ fields: HeaderFields,
    _ request: Exchange
  ) throws(Problem) {
    if target.isAPI {
      guard let principal = try authorize(fields, method, request) else { throw .unauthorized }
      request.principal = principal
    }
    let path: RouteTable.Path
    switch front.routes.match(target.path) {
    case .none:
      guard let file = PageFile.byPath[String(decoding: target.path, as: UTF8.self)]
      else { throw .notFound }
      guard method == .GET || method == .HEAD else { throw .methodNotAllowed("GET, HEAD") }
      request.endpoint = .page
      request.file = file
      request.browser = fields.browser
      return
    case .badID(let known):
      path = known
      guard path.row(for: method) != nil else { throw .methodNotAllowed(path.allow) }
      throw .invalid(
        "id",
        path.placeholder == .reservation
          ? HoldIDText.message : "must be an integer from 1 to \(Bounds.maxID)")
    case .path(let known, let id, let reservation):
      path = known
      request.id = id
      request.reservation = reservation
    }
    guard let row = path.row(for: method) else { throw .methodNotAllowed(path.allow) }
    if row.endpoint == .metrics { try checkMetrics(fields, request) }
    request.endpoint = row.endpoint
    guard row.roles.isEmpty || row.roles.contains(request.principal.role) else {
      throw .forbidden
    }
    if row.endpoint.isOfPage {
      request.browser = fields.browser
      request.signingIn = fields.authorizationCount == 1 ? fields.principal : nil
      request.file = PageFile.byPath["/admin/inventory"]
    }
    request.query = target.query.map { String(decoding: $0, as: UTF8.self) }
  }

  private func checkMetrics(
    _ fields: HeaderFields, _ request: Exchange
  ) throws(Problem) {
    switch front.configuration.metricsAccess {
    case .everybody: break
    case .nobody: throw .notFound
    case .admins:
      guard let principal = try authorize(fields, .GET, request) else { throw .unauthorized }
      guard principal.role == .admin else { throw .forbidden }
    }
  }

  private func authorize(
    _ fields: HeaderFields, _ method: HTTPMethod, _ request: Exchange
  ) throws(Problem) -> Principal? {
    switch front.configuration.authorization {
    case .none: return .unchecked
    case .keys:
      if fields.authorizationCount == 1 { return fields.principal }
      guard fields.authorizationCount == 0, let browser = fields.browser else { return nil }
      return try principal(browser, method, request)
    }
  }

  /// A piece of the body. One that comes whole is kept as it is, without a copy.
  func receive(_ bytes: ByteBuffer) {
    guard let inbound else { return }
    inbound.bodyCount += bytes.readableBytes
    if inbound.bodyCount > inbound.bodyLimit {
      let refusal = inbound.refusal ?? .payloadTooLarge(limit: inbound.bodyLimit)
      refuseRest(refusal)
      return
    }
    guard inbound.keepsBody, inbound.refusal == nil else { return }
    guard front.bodyBytesHeld + bytes.readableBytes <= HTTPLimits.maxBodyBytesHeld else {
      refuseRest(Problem(.overloaded, "Too many large bodies are arriving."))
      return
    }
    inbound.bytesHeld += bytes.readableBytes
    front.bodyBytesHeld += bytes.readableBytes
    if inbound.collected == nil {
      inbound.collected = bytes
    } else {
      inbound.collected?.writeImmutableBuffer(bytes)
    }
  }

  /// The request that NIO's decoder read is complete.
  func end() {
    guard let request = inbound else { return }
    dropInbound()
    let body = request.collected ?? ByteBuffer()
    request.collected = nil
    body.withUnsafeReadableBytes { end(request, body: $0) }
  }

  /// - Parameter body: stays where it is until this returns, and no longer.
  private func end(_ request: Exchange, body: UnsafeRawBufferPointer) {
    if !request.head.keepsAlive { ignoresInput = true }
    if let refusal = takeFromRate(request) ?? request.refusal
      ?? admit(request, bodyBytes: body.count)
    {
      respond(refusal, request)
    } else {
      request.body = request.keepsBody ? body : UnsafeRawBufferPointer(start: nil, count: 0)
      dispatch(request)
      request.body = UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }
}

extension HTTPRequestHead {
  /// The decoder takes 1.x only; what comes after 1.1 has to behave as 1.1.
  var isVersion11: Bool { version.minor >= 1 }
}

/// A request's target, taken apart. Points into the target's own bytes.
struct RequestTarget {
  var path: UnsafeBufferPointer<UInt8>
  var query: UnsafeBufferPointer<UInt8>?

  init(_ target: UnsafeBufferPointer<UInt8>) {
    var start = 0
    // A proxy's client sends the whole URL (RFC 9112, section 3.2.2).
    if Matching.hasPrefix(target, "http") {
      let scheme = Matching.hasPrefix(target, "http://") ? 7 : 8
      if scheme == 7 || Matching.hasPrefix(target, "https://") {
        // The host ends where anything else begins: `http://host?/api` has no path.
        let ends: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
        start = target[scheme...].firstIndex(where: ends.contains) ?? target.endIndex
      }
    }
    let rest = UnsafeBufferPointer(rebasing: target[start...])
    if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
      path = UnsafeBufferPointer(rebasing: rest[..<mark])
      query = UnsafeBufferPointer(rebasing: rest[(mark + 1)...])
    } else {
      path = rest
    }
  }

  /// Below /api, where nothing is told to those without a key.
  var isAPI: Bool {
    Matching.equal(path, "/api") || Matching.hasPrefix(path, "/api/")
  }
}
