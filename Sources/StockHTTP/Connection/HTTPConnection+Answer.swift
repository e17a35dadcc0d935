import NIOCore
import StockCore

// From an outcome to bytes.
extension HTTPConnection {
  /// An answer of the front's own.
  func respond(_ problem: Problem, _ head: ResponseHead, omitsBody: Bool = false) {
    var response = PendingResponse(head)
    response.omitsBody = omitsBody
    response.head.status = problem.code.status
    response.head.isProblem = true
    response.head.allow = problem.allow
    pending.append(response)
    front.body.removeAll()
    front.body.append(problem)
    complete(pending.count - 1)
  }

  func respond(_ request: InboundRequest, _ write: (inout ByteWriter) -> Void) {
    var response = PendingResponse(request.head)
    response.omitsBody = request.isHead
    pending.append(response)
    front.body.removeAll()
    write(&front.body)
    complete(pending.count - 1)
  }

  /// An answer of a shard.
  ///
  /// - Returns: whether there is something to flush.
  func take(_ answer: Answer) -> Bool {
    guard let place = place(ofNumber: answer.ticket.request) else { return false }
    let index = pending.index(pending.startIndex, offsetBy: place)
    if let gather = pending[index].gather {
      gather.take(answer)
      guard gather.isComplete else { return false }
      operationsUnderWay -= gather.commandCount
      completeBatch(at: place)
      return true
    }
    front.body.removeAll()
    let status = front.body.append(answer.outcome, about: pending[index].subject)
    pending[index].head.status = status
    pending[index].head.isProblem = status >= 400
    if pending[index].isMutation, answer.outcome.isJudged {
      pending[index].head.shard = answer.shard
      pending[index].head.sequence = answer.sequence
    }
    if pending[index].showsVersion, case .entry(let entry) = answer.outcome {
      pending[index].head.version = entry.value.version
    }
    complete(place)
    return true
  }

  /// An answer of a task.
  func take(_ answer: ColdAnswer, number: Int) -> Bool {
    guard let place = place(ofNumber: number) else { return false }
    let index = pending.index(pending.startIndex, offsetBy: place)
    pending[index].head.status = answer.status
    pending[index].head.isProblem = answer.isProblem
    front.body.removeAll()
    answer.body.withUnsafeBytes { front.body.append($0) }
    complete(place)
    return true
  }

  func completeBatch(at place: Int) {
    let index = pending.index(pending.startIndex, offsetBy: place)
    guard let gather = pending[index].gather else { return }
    if let commit = gather.commit {
      pending[index].head.shard = commit.shard
      pending[index].head.sequence = commit.sequence
    }
    front.body.removeAll()
    gather.write(into: &front.body)
    pending[index].gather = nil
    complete(place)
  }

  /// Where the response to a request waits; nil for one of an earlier connection in the same place.
  private func place(ofNumber number: Int) -> Int? {
    let mask = 1 << Ticket.requestBits - 1
    let place = (number - firstNumber) & mask
    guard place < pending.count else { return nil }
    let isWaiting = pending[pending.index(pending.startIndex, offsetBy: place)].ready == nil
    return isWaiting ? place : nil
  }

  /// The body of a response lies in `front.body`, and its head is known. It goes out at once if it is
  /// next, together with all that waited for it; else it waits.
  private func complete(_ place: Int) {
    let index = pending.index(pending.startIndex, offsetBy: place)
    guard place == 0 else {
      var buffer = ByteBuffer()
      front.write(pending[index].head, omitsBody: pending[index].omitsBody, into: &buffer)
      pending[index].ready = buffer
      return
    }
    front.write(pending[index].head, omitsBody: pending[index].omitsBody, into: &out)
    didWriteFirst()
    while let ready = pending.first?.ready {
      out.writeImmutableBuffer(ready)
      didWriteFirst()
    }
  }

  private func didWriteFirst() {
    if !pending.removeFirst().head.keepsAlive { wroteLast = true }
    firstNumber += 1
  }
}

extension Outcome {
  /// Rests on a commit.
  var isJudged: Bool {
    if case .unavailable = self { false } else { true }
  }
}
