import Glibc
import StockEngine

@testable import StockHTTP
@testable import StockLoop

/// One connection of the whole front, over a pair of sockets: bytes go in, bytes come out, and nothing
/// happens of itself.
final class FrontWire {
  /// How the engine answers.
  struct Answering {
    /// Whenever bytes have come; else when all have.
    var isEager = false
    /// The last request first.
    var isBackwards = false
    /// One by one; else what has come at once.
    var isSingle = false
  }

  private let loop = FuzzLoop()
  private let engine = FuzzEngine()
  private let front: LoopFront
  private let socket: HTTPConnection
  private let client: CInt
  private let answering: Answering
  private var output: [UInt8] = []
  /// The server has ended its output.
  private(set) var hasEnded = false

  /// nil: there are no sockets.
  init?(_ answering: Answering, scans: Bool) {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
    client = ends[0]
    self.answering = answering
    front = LoopFront(
      engine: engine, loop: loop, configuration: HTTPConfiguration(),
      limit: ConnectionLimit(100), clock: { FuzzControl.now })
    front.scansPlainRequests = scans
    // Lists need a task, whose end is another thread's: there are too many already.
    front.coldRequests = HTTPLimits.maxColdRequests
    guard let socket = front.adopt(ends[1]) as? HTTPConnection else { return nil }
    self.socket = socket
  }

  /// To be called at last.
  func close() {
    Glibc.close(client)
    socket.close()
    loop.end()
  }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count > 0, socket.isOpen else { return }
    // A few kilobytes: the kernel takes them at once.
    guard Glibc.send(client, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    else { return }
    if socket.isReading { socket.becameReady(.readable) } else { goOn(reads: true) }
    if answering.isEager { goOn(reads: false) }
  }

  /// All that can be answered is answered.
  func settle() { goOn(reads: true) }

  /// The client sends no more.
  func end() {
    Glibc.shutdown(client, CInt(SHUT_WR))
    goOn(reads: true)
  }

  /// Whoever waits for the engine gets an answer, and what has been written is taken, until there is no
  /// more.
  private func goOn(reads: Bool) {
    var reads = reads
    while true {
      if reads, socket.isOpen, socket.isReading, !socket.inputHasEnded {
        socket.becameReady(.readable)
        reads = false
      }
      let hadAnswers = !engine.fuzzGateway.isEmpty
      answer()
      let took = take()
      if !hadAnswers, !took { return }
    }
  }

  private func answer() {
    if !answering.isSingle { return engine.fuzzGateway.answer(backwards: answering.isBackwards) }
    while !engine.fuzzGateway.isEmpty {
      engine.fuzzGateway.answerOne(last: answering.isBackwards)
    }
  }

  private func take() -> Bool {
    var took = false
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { memory in
      while true {
        let count = recv(client, memory.baseAddress, memory.count, 0)
        guard count > 0 else {
          if count == 0 { hasEnded = true }
          return
        }
        took = true
        output += memory[..<count]
        if socket.isOpen, !socket.hasSentAll { socket.becameReady(.writable) }
      }
    }
    return took
  }

  /// The last request wants a stream of events: it is not answered here, nor is what comes behind it.
  var hasReader: Bool { socket.pending.last?.reader != nil }

  /// Commands that reached the engine, and of them those that may change something.
  var commands: Int { engine.fuzzGateway.commands }
  var changes: Int { engine.fuzzGateway.changes }

  /// - Returns: the id of an admin's session.
  func signIn() -> String {
    let key = FuzzControl.shared.snapshot.keys.values.first { $0.role == .admin }
    return front.shared.sessions.begin(key: key?.id ?? 0, now: FuzzControl.now)
  }

  /// Requests that are not answered.
  var unanswered: Int { socket.pending.count }

  /// What has come, with zeros for what is random: ids of requests and sessions.
  func written() -> [UInt8] {
    var text = output
    Self.blank(Array(front.idPrefixText.utf8), in: &text, skips: 0, count: 16)
    for mark in ["stock_session=", "\"csrf_token\":\""] {
      Self.blank(Array(mark.utf8), in: &text, skips: mark.utf8.count, count: 43)
    }
    return text
  }

  private static func blank(_ mark: [UInt8], in text: inout [UInt8], skips: Int, count: Int) {
    var start = 0
    while start < text.count {
      guard let found = place(of: mark, in: text, from: start) else { return }
      start = found + mark.count
      // A client's own request id may look like a cookie: what ends it ends this.
      let last = min(found + skips + count, text.count)
      let end = text[(found + skips)..<last].firstIndex(of: 0x0D) ?? last
      for place in (found + skips)..<end
      where text[place] != UInt8(ascii: "\"") && text[place] != UInt8(ascii: ";") {
        text[place] = UInt8(ascii: "0")
      }
    }
  }

  private static func place(of mark: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    guard text.count >= mark.count else { return nil }
    return text.withUnsafeBytes { text in
      mark.withUnsafeBytes { mark in
        for place in stride(from: start, through: text.count - mark.count, by: 1)
        where text[place] == mark[0]
          && text[place..<(place + mark.count)].elementsEqual(mark)
        {
          return place
        }
        return nil
      }
    }
  }
}
