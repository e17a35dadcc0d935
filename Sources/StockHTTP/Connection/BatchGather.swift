import StockCore

/// The answers to a batch's lines, until all are there.
final class BatchGather {
  private var lines: [Line]
  private var missing = 0
  /// Lines that a shard has to judge.
  let commandCount: Int

  private enum Line {
    case waiting(Subject)
    case answered(Answer, Subject)
    case refused(Problem)
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

  /// The commit that all lines rest on, if it is the same.
  var commit: (shard: ShardID, sequence: Sequence64)? {
    var commit: (shard: ShardID, sequence: Sequence64)?
    for case .answered(let answer, _) in lines {
      if case .unavailable = answer.outcome { return nil }
      guard let known = commit else {
        commit = (answer.shard, answer.sequence)
        continue
      }
      if known != (answer.shard, answer.sequence) { return nil }
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
      case .waiting: preconditionFailure("a batch was written before all its answers were there")
      }
    }
    writer.append("]}")
  }
}
