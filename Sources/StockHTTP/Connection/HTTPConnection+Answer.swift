import NIOCore
import StockCore
import StockEngine

// From an outcome to bytes.
extension HTTPConnection {
  /// An answer of the front's own.
  func respond(_ problem: Problem, _ exchange: Exchange) {
    exchange.problem = problem.code
    exchange.head.status = problem.code.status
    exchange.head.isProblem = true
    if let allow = problem.allow { exchange.head.extra = .allow(allow) }
    pending.append(exchange)
    front.body.removeAll()
    front.body.append(problem)
    complete(exchange, pending.count - 1)
  }

  func respond(_ exchange: Exchange, _ write: (inout ByteWriter) -> Void) {
    pending.append(exchange)
    front.body.removeAll()
    write(&front.body)
    complete(exchange, pending.count - 1)
  }

  /// An answer of a shard.
  ///
  /// - Returns: whether there is something to flush.
  func take(_ answer: Answer) -> Bool {
    guard let (exchange, place) = waiting(number: answer.ticket.request) else { return false }
    front.activity.note(answer.outcome)
    if let gather = exchange.gather {
      gather.take(answer)
      if gather.holdsBack {
        for (place, command) in gather.goOn(after: answer) {
          front.gateway.submit(command, ticket: answer.ticket.with(operation: place))
        }
      }
      guard gather.isComplete else { return false }
      operationsUnderWay -= gather.commandCount
      completeBatch(exchange, place)
      return true
    }
    front.body.removeAll()
    let status =
      exchange.atomic?.write(answer, into: &front.body, &front.counts)
      ?? front.body.append(answer.outcome, about: exchange.subject)
    exchange.head.status = status
    exchange.head.isProblem = status >= 400
    if status >= 400 {
      exchange.problem =
        exchange.atomic?.problem(of: answer.outcome) ?? answer.outcome.problem
    }
    exchange.head.isReplay = answer.isReplay
    if exchange.isMutation, answer.outcome.isJudged {
      exchange.head.shard = answer.shard
      exchange.head.sequence = answer.sequence
    }
    switch answer.outcome {
    case .entry(let entry):
      if exchange.showsVersion { exchange.head.version = entry.value.version }
    case .holdCreated(let hold):
      exchange.head.extra = .location("/api/v1/store/reservations/" + hold.id)
    case .refused(.idempotencyRunning):
      exchange.head.canBeRetried = true
    default: break
    }
    return complete(exchange, place, atOnce: true)
  }

  /// An answer of a task.
  func take(_ answer: ColdAnswer, number: Int) -> Bool {
    guard let (exchange, place) = waiting(number: number) else { return false }
    exchange.head.status = answer.status
    exchange.head.isProblem = answer.isProblem
    exchange.head.isText = answer.isText
    exchange.problem = answer.problem
    exchange.madeID = answer.madeID
    front.body.removeAll()
    answer.body.withUnsafeBytes { front.body.append($0) }
    complete(exchange, place)
    return true
  }

  func completeBatch(_ exchange: Exchange, _ place: Int) {
    guard let gather = exchange.gather else { return }
    if exchange.idempotency != nil, let refusal = gather.keyRefusal {
      exchange.gather = nil
      exchange.problem = refusal.code
      exchange.head.status = refusal.code.status
      exchange.head.isProblem = true
      exchange.head.canBeRetried = refusal.code.canBeRetried
      front.body.removeAll()
      front.body.append(refusal, about: Subject())
      complete(exchange, place)
      return
    }
    exchange.head.isReplay = exchange.idempotency != nil && gather.isReplay
    if let commit = gather.commit {
      exchange.head.shard = commit.shard
      exchange.head.sequence = commit.sequence
    }
    front.body.removeAll()
    gather.write(into: &front.body)
    front.counts.answered(gather.counts)
    exchange.gather = nil
    complete(exchange, place)
  }

  /// The exchange that waits for an answer, and its place; nil for one of an earlier connection in the
  /// same slot.
  private func waiting(number: Int) -> (Exchange, place: Int)? {
    let mask = 1 << Ticket.requestBits - 1
    let place = (number - firstNumber) & mask
    guard place < pending.count else { return nil }
    let exchange = pending[place]
    return exchange.ready == nil ? (exchange, place) : nil
  }

  /// The body of a response lies in `front.body`, and its head is known. It is written if it is next,
  /// together with all that waited for it; else it waits.
  ///
  /// - Parameter atOnce: it may go out alone, if nothing else of this connection is on its way.
  /// - Returns: whether there is something to flush.
  @discardableResult
  func complete(_ exchange: Exchange, _ place: Int, atOnce: Bool = false) -> Bool {
    front.note(exchange)
    if exchange.endpoint.isAudited { front.audit(exchange, from: self) }
    exchange.head.isSecure = isSecure
    front.admission.finish(exchange.load)
    exchange.load = .none
    if front.isDraining, place == pending.count - 1, inbound == nil, held == nil {
      // The last one that is known of: the client is told to ask elsewhere.
      exchange.head.keepsAlive = false
    }
    guard place == 0 else {
      var ready = ByteWriter(capacity: 512 + front.body.count)
      front.write(exchange, into: &ready)
      exchange.ready = ready.array
      readyBytes += ready.count
      return true
    }
    if atOnce, pending.count == 1, out.count == 0, !owesContinue {
      front.wire.removeAll()
      front.write(exchange, into: &front.wire)
      didWriteFirst()
      flushWire()
      return false
    }
    front.write(exchange, into: &out)
    didWriteFirst()
    while let ready = pending.first?.ready {
      ready.withUnsafeBytes { out.append($0) }
      readyBytes -= ready.count
      didWriteFirst()
    }
    return true
  }

  private func didWriteFirst() {
    let exchange = pending.removeFirst()
    firstNumber += 1
    if exchange.head.isStream, let reader = exchange.reader {
      stream = reader
      reader.isOpen = true
      front.events.wake(reader)
    } else if !exchange.head.keepsAlive {
      wroteLast = true
    }
    front.spareExchanges.keep(exchange)
  }
}

extension Outcome {
  /// Why it was refused; nil: it was not.
  var problem: ProblemCode? {
    switch self {
    case .refused(let refusal): refusal.code
    case .unavailable(let why): why.code
    default: nil
    }
  }

  /// Rests on a commit.
  var isJudged: Bool {
    switch self {
    case .unavailable: false
    case .refused(let refusal): refusal.isJudgedOnStock
    default: true
    }
  }
}

extension Ticket {
  /// The same waiting request, another operation of it.
  func with(operation: Int) -> Ticket {
    Ticket(loop: loop, connection: connection, request: request, operation: operation)
  }
}
