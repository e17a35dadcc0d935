public import NIOCore
import NIOHTTP1
public import StockCore
public import StockEngine
import StockLoop

// What `benchmarks/micro` measures one by one. Nothing else uses it, and it decides nothing: each
// function is one call of what a request goes through.

/// Parts of a request's way.
@_spi(Benchmarks) public enum FrontProbe {
  /// Finds the end of a request, and its header fields.
  ///
  /// - Returns: the request's bytes; 0 if it is not plain, or not all there.
  public static func scan(_ request: UnsafeBufferPointer<UInt8>) -> Int {
    var scanner = RequestScanner()
    return switch scanner.scan(request, authorize: { _ in nil }) {
    case .complete(let length): length
    case .incomplete, .unusual: 0
    }
  }

  /// Reads the body of a reserve.
  ///
  /// - Returns: the product; 0 if the body is not one.
  public static func readReserve(_ body: UnsafeBufferPointer<UInt8>) -> ProductID {
    var form = StockForm()
    var errors = FieldErrors()
    var reader = JSONReader(body)
    do throws(JSONSyntaxError) {
      try reader.beginBody()
      try form.read(&reader, allowed: StockOperation.reserve.fields, &errors)
      try reader.endBody()
    } catch {
      return 0
    }
    let operation = form.operation(.reserve, caller: .unchecked, &errors) { _ in Allocation() }
    guard case .reserve(let amount) = operation else { return 0 }
    return amount.product
  }

  /// Whether a path is one of ours.
  public static func matchRoute(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
    if case .path(let known, _, _) = RouteTable.shared.match(path) {
      return known.row(for: .POST) != nil
    }
    return false
  }
}

/// Writes the response to a reserve, again and again into the same memory.
@_spi(Benchmarks) public struct AnswerProbe: ~Copyable {
  private var out = ByteWriter(capacity: 4_096)
  private var body = ByteWriter(capacity: 4_096)
  private var prefix = ByteWriter(capacity: 64)
  private var date = ByteWriter(capacity: 32)

  public init() {
    date.append(httpDate: 1_795_411_800_123)
    prefix.append("\r\nX-Request-Id: 0123456789abcdef")
  }

  /// - Returns: the response's bytes.
  public mutating func write(_ entry: EntrySnapshot, number: UInt64) -> Int {
    body.removeAll()
    out.removeAll()
    let exchange = Exchange(ResponseHead(.number(number)), startTick: 0)
    exchange.head.status = body.append(.entry(entry), about: Subject())
    exchange.head.shard = 0
    exchange.head.sequence = entry.value.version
    out.append(headOf: exchange, length: body.count, prefix: prefix, date: date)
    out.append(body.bytes)
    return out.count
  }
}

/// The whole front of one loop, for sockets that nobody watches.
@_spi(Benchmarks) public final class FrontOfLoop {
  private let front: LoopFront

  /// Whoever calls is on the loop, now and later.
  public init(engine: any Engine, loop: any EventLoop) {
    front = LoopFront(
      engine: engine, loop: loop, configuration: HTTPConfiguration(),
      limit: ConnectionLimit(1_024))
  }

  /// Serves a client on a connected socket, which is non-blocking.
  ///
  /// - Returns: is to be called each time when there is something to read.
  public func adopt(_ descriptor: CInt) -> () -> Void {
    let socket = front.adopt(descriptor)
    return { socket.becameReady(.readable) }
  }

  /// What the engine's keys are known by.
  public static func digest(ofToken token: String) -> [UInt8] { Token.digest(token.utf8) }
}
