import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import StockCore
import StockEngine
import StockLoop
import Testing

@testable import StockHTTP

/// One connection over a pair of sockets, and no thread: bytes go in, bytes come out, and time is the
/// test's.
final class Wire {
  let loop: EmbeddedEventLoop
  let client: ClientEnd
  let engine: FakeEngine
  let front: LoopFront
  let gateway: FakeGateway
  let limit = ConnectionLimit(100)
  let time = NIOLockedValueBox<Timestamp>(1_795_411_800_123)

  /// - Parameters:
  ///   - judge: nil leaves the answers to `gateway.answer`.
  ///   - keys: whether requests need a token.
  ///   - inPackets: what the server writes at once comes as one, to be counted.
  init(
    keys: Bool = false, inPackets: Bool = false,
    configure: (inout HTTPConfiguration) -> Void = { _ in },
    judge: (@Sendable (Command) -> Outcome)? = { _ in .entry(entry()) }
  ) throws {
    loop = EmbeddedEventLoop()
    engine = FakeEngine(judge: judge)
    addKeys(to: engine.fakeControl)
    var configuration = HTTPConfiguration(authorization: keys ? .keys : .none)
    configure(&configuration)
    let time = time
    front = LoopFront(
      engine: engine, loop: loop, configuration: configuration, limit: limit,
      clock: { time.withLockedValue { $0 } })
    front.start()
    gateway = try #require(engine.gateway(on: loop) as? FakeGateway)
    client = try ClientEnd(front, inPackets: inPackets)
  }

  /// The server has not ended its output.
  var isOpen: Bool { client.isOpen }
  var connection: HTTPConnection? { client.socket as? HTTPConnection }

  /// Bytes arrive, and the loop runs until nothing is left to do.
  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    client.send(bytes)
    loop.run()
  }

  /// The client sends no more.
  func endInput() {
    client.endOutput()
    loop.run()
  }

  /// The client goes.
  func close() {
    client.close()
    loop.run()
  }

  /// What was written since the last call, as text.
  func written() throws -> String {
    // What the client takes may let the server read on.
    var all: [UInt8] = []
    while case let more = client.take(), !more.isEmpty {
      all += more
      loop.run()
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// How many writes there were since the last call: of a wire in packets.
  func writes() -> Int { client.takePackets() }

  func responses(withoutBodies: Bool = false) throws -> [Response] {
    try Response.parse(written(), withoutBodies: withoutBodies)
  }

  /// Sends one request and takes its response.
  func ask(_ request: String) throws -> Response {
    try send(request)
    let all = try responses()
    return try #require(all.count == 1 ? all[0] : nil, "\(all.count) responses")
  }

  func pass(_ seconds: Int64) {
    loop.advanceTime(by: .seconds(seconds))
    loop.run()
  }
}

/// The text of a request.
func request(
  _ method: String = "POST", _ path: String, _ body: String? = nil, token: String? = nil,
  _ fields: String = ""
) -> String {
  var text = "\(method) \(path) HTTP/1.1\r\nHost: stock\r\n"
  if let token { text += "Authorization: Bearer \(token)\r\n" }
  if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
  return text + fields + "\r\n" + (body ?? "")
}

let base = "/api/v1/store/inventory"
let reservations = "/api/v1/store/reservations"
let reserveBody = #"{"product_id":123,"location":"warehouse_a","quantity":5}"#

/// A response, taken apart.
struct Response {
  var status: Int
  var fields: [String: String]
  var body: String

  /// - Parameter withoutBodies: they answer HEAD.
  static func parse(_ text: String, withoutBodies: Bool = false) throws -> [Response] {
    var rest = Substring(text)
    var result: [Response] = []
    while !rest.isEmpty {
      let end = try #require(rest.range(of: "\r\n\r\n"), "no end of header in \(rest)")
      let lines = rest[..<end.lowerBound].components(separatedBy: "\r\n")
      #expect(lines[0].hasPrefix("HTTP/1.1 "))
      let status = try #require(Int(lines[0].split(separator: " ")[1]))
      var fields: [String: String] = [:]
      for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
      }
      rest = rest[end.upperBound...]
      let length = withoutBodies ? 0 : Int(fields["content-length"] ?? "0") ?? 0
      let body = rest.utf8.prefix(length)
      #expect(body.count == length)
      result.append(Response(status: status, fields: fields, body: String(body) ?? ""))
      rest = rest[body.endIndex...]
    }
    return result
  }

  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
  }

  var code: String? { json["code"] as? String }

  /// "field: message" of each error.
  var errors: [String] {
    (json["errors"] as? [[String: String]] ?? []).map {
      "\($0["field"] ?? "?"): \($0["message"] ?? "?")"
    }
  }

  /// The fields that are named.
  var errorFields: [String] {
    (json["errors"] as? [[String: String]] ?? []).compactMap { $0["field"] }
  }
}
