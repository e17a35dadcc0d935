import StockCore

/// The answers to a batch's lines, until all are there. A line is written as soon as all before it are;
/// answers that come before their turn wait.
///
/// With an idempotency key, the first command goes ahead, and the others follow when it has been
/// committed with its part of the key. So whatever of a batch was ever done, its first command's record
/// is there to tell another request with the same key from it, before anything of that is done.
final class BatchGather {
  private let lines: [BatchLine]
  /// The lines before it are written.
  private var next = 0
  private var body: ByteWriter
  /// Answers that came before their turn, by place. Empty until there is one.
  private var early: [Answer?] = []
  /// Lines that a shard has to judge.
  let commandCount: Int
  private var missing: Int
  /// What waits for the first command's answer, with its place.
  private var heldBack: [(place: Int, command: Command)] = []
  private var saw = Seen()
  private(set) var counts: BatchCounts

  /// What the answers so far have in common.
  private struct Seen {
    var keyRefusal: Refusal?
    var isReplay = true
    var commit: (shard: ShardID, sequence: Sequence64)?
    var hasOneCommit = true
  }

  /// Bytes of an answered line, about.
  private static let lineBytes = 300

  init(_ lines: [BatchLine]) {
    self.lines = lines
    counts = BatchCounts(lines: lines.count)
    commandCount = lines.reduce(0) { count, line in
      if case .command = line { count + 1 } else { count }
    }
    missing = commandCount
    body = ByteWriter(capacity: Self.lineBytes * (lines.count + 1))
    body.append("{\"results\":[")
    writeOn()
  }

  var isComplete: Bool { missing == 0 }

  func take(_ answer: Answer) {
    let place = answer.ticket.operation
    guard place >= next, place < lines.count, case .command(let command) = lines[place] else {
      return
    }
    if place == next {
      missing -= 1
      note(answer)
      write(answer, to: command)
      writeOn()
    } else {
      if early.isEmpty { early = Array(repeating: nil, count: lines.count) }
      guard early[place] == nil else { return }
      missing -= 1
      note(answer)
      early[place] = answer
    }
  }

  private func note(_ answer: Answer) {
    if !answer.isReplay { saw.isReplay = false }
    guard answer.outcome.isJudged else {
      saw.hasOneCommit = false
      if case .refused(let refusal) = answer.outcome, saw.keyRefusal == nil {
        saw.keyRefusal = refusal
      }
      return
    }
    if let commit = saw.commit {
      if commit != (answer.shard, answer.sequence) { saw.hasOneCommit = false }
    } else {
      saw.commit = (answer.shard, answer.sequence)
    }
  }

  private func write(_ answer: Answer, to command: Command) {
    beginLine()
    if let code = answer.outcome.problem { counts.refused(code) }
    body.appendLine(answer, about: command.operation.subject)
  }

  /// Writes what needs no answer any more.
  private func writeOn() {
    while next < lines.count {
      switch lines[next] {
      case .refused(let problem):
        beginLine()
        counts.refused(problem.code)
        body.append(problem)
      case .command(let command):
        guard !early.isEmpty, let answer = early[next] else { return }
        early[next] = nil
        write(answer, to: command)
      }
    }
  }

  private func beginLine() {
    if next > 0 { body.append(UInt8(ascii: ",")) }
    next += 1
  }

  // MARK: With an idempotency key

  func holdBack(_ command: Command, place: Int) { heldBack.append((place, command)) }

  /// Commands wait for the first one's answer.
  var holdsBack: Bool { !heldBack.isEmpty }

  /// The first command was answered.
  ///
  /// - Returns: what has to be handed on now.
  func goOn(after first: Answer) -> [(place: Int, command: Command)] {
    let rest = heldBack
    heldBack = []
    if first.outcome.isJudged { return rest }
    // Without the first command's record, the rest would be done without its protection.
    for (place, _) in rest {
      take(
        Answer(
          ticket: first.ticket.with(operation: place), outcome: .unavailable(.storeUnavailable),
          shard: first.shard, sequence: first.sequence))
    }
    return []
  }

  /// The key was used for another request, or its request is under way: that is all there is to say.
  var keyRefusal: Refusal? { saw.keyRefusal }

  // MARK: All together

  /// All of it was answered before.
  var isReplay: Bool { commandCount > 0 && saw.isReplay }

  /// The commit that all lines rest on, if it is the same.
  var commit: (shard: ShardID, sequence: Sequence64)? { saw.hasOneCommit ? saw.commit : nil }

  /// Writes the body. To be called once, when all answers are there.
  func write(into writer: inout ByteWriter) {
    precondition(next == lines.count, "a batch was written before all its answers were there")
    body.append("]}")
    writer.append(body.bytes)
  }
}

extension Command.Operation {
  /// What an answer's error is about, for operations that a batch's line may be.
  fileprivate var subject: Subject {
    switch self {
    case .reserve(let amount), .release(let amount), .fulfill(let amount):
      Subject(product: amount.product, location: amount.location)
    case .set(let set): Subject(product: set.product, location: set.location)
    case .adjust(let adjust): Subject(product: adjust.product, location: adjust.location)
    case .transfer(let transfer): Subject(product: transfer.product, location: transfer.from)
    case .allocate(let allocate): Subject(product: allocate.product)
    default: Subject()
    }
  }
}
