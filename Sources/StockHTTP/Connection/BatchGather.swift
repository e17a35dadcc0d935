import StockCore

/// The answers to a batch's lines, until all are there.
///
/// With an idempotency key, the first command goes ahead, and the others follow when it has been
/// committed with its part of the key. So whatever of a batch was ever done, its first command's record
/// is there to tell another request with the same key from it, before anything of that is done.
final class BatchGather {
  private var lines: [Line]
  private var missing = 0
  /// Lines that a shard has to judge.
  let commandCount: Int
  /// What waits for the first command's answer, with its place.
  private var heldBack: [(place: Int, command: Command)] = []

  private enum Line {
    case waiting(Subject)
    case answered(Answer, Subject)
    case refused(Problem)
    /// Was not handed on.
    case notAsked(Unavailability, Subject)
  }

  init(_ lines: [BatchLine]) {
    self.lines = lines.map { line in
      switch line {
      case .command(_, let subject): .waiting(subject)
      case .refused(let problem): .refused(problem)
      }
    }
    commandCount = lines.reduce(0) { count, line in
      if case .command = line { count + 1 } else { count }
    }
    missing = commandCount
  }

  var isComplete: Bool { missing == 0 }

  func take(_ answer: Answer) {
    let place = answer.ticket.operation
    guard place < lines.count, case .waiting(let subject) = lines[place] else { return }
    lines[place] = .answered(answer, subject)
    missing -= 1
  }

  func holdBack(_ command: Command, place: Int) { heldBack.append((place, command)) }

  /// The first command was answered.
  ///
  /// - Returns: what has to be handed on now.
  func goOn(after first: Answer) -> [(place: Int, command: Command)] {
    let rest = heldBack
    heldBack = []
    if first.outcome.isJudged { return rest }
    // Without the first command's record, the rest would be done without its protection.
    for (place, _) in rest {
      guard case .waiting(let subject) = lines[place] else { continue }
      lines[place] = .notAsked(.storeUnavailable, subject)
      missing -= 1
    }
    return []
  }

  /// The key was used for another request, or its request is under way: that is all there is to say.
  var keyRefusal: Refusal? {
    for case .answered(let answer, _) in lines {
      if case .refused(let refusal) = answer.outcome, !refusal.isJudgedOnStock { return refusal }
    }
    return nil
  }

  /// All of it was answered before.
  var isReplay: Bool {
    commandCount > 0
      && lines.allSatisfy { line in
        switch line {
        case .answered(let answer, _): answer.isReplay
        case .refused: true
        case .waiting, .notAsked: false
        }
      }
  }

  /// The commit that all lines rest on, if it is the same.
  var commit: (shard: ShardID, sequence: Sequence64)? {
    var commit: (shard: ShardID, sequence: Sequence64)?
    for line in lines {
      switch line {
      case .answered(let answer, _):
        guard answer.outcome.isJudged else { return nil }
        guard let known = commit else {
          commit = (answer.shard, answer.sequence)
          continue
        }
        if known != (answer.shard, answer.sequence) { return nil }
      case .notAsked: return nil
      case .waiting, .refused: continue
      }
    }
    return commit
  }

  func write(into writer: inout ByteWriter) {
    writer.append("{\"results\":[")
    for place in lines.indices {
      if place > 0 { writer.append(UInt8(ascii: ",")) }
      switch lines[place] {
      case .answered(let answer, let subject): writer.appendLine(answer, about: subject)
      case .refused(let problem): writer.append(problem)
      case .notAsked(let reason, let subject): writer.append(reason, about: subject)
      case .waiting: preconditionFailure("a batch was written before all its answers were there")
      }
    }
    writer.append("]}")
  }
}
