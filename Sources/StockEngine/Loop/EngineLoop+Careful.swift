import StockCore

/// What is known of a client's request that needs more than to be handed on.
struct CarefulRequest {
  /// The order whose home stays where it is until the answer is there.
  var order: OrderKey?
  /// The request waits for what the shard of its key's first use says: what it will be sent as, and
  /// where to.
  var waiting: (command: Command, shard: ShardID)?
}

/// Requests for which the shard is not told by a product alone: holds, whose id the engine may have to
/// make, and those with an idempotency key that another shard may know.
extension EngineLoop {
  func submitCarefully(_ command: Command, ticket: Ticket) {
    var command = command
    var request = CarefulRequest()
    let shard: ShardID
    switch command.operation {
    case .hold(var hold):
      let order = OrderKey(store: command.scope.store, order: hold.order)
      request.order = order
      let preferred = hold.isClientID ? shared.map.shard(ofHold: hold.id) : home(of: hold.lines)
      shard = shared.orders.begin(order, preferred: preferred)
      if !hold.isClientID {
        hold.id = newHoldID(home: shard)
        command.operation = .hold(hold)
      }
    case .reserveTogether(var together):
      shard = home(of: together.lines)
      together.id = newHoldID(home: shard)
      command.operation = .reserveTogether(together)
    case .applyPart, .checkKey:
      preconditionFailure("only shards ask for parts, only the engine for keys")
    default:
      shard = shared.map.shard(of: command)
    }
    if let key = command.idempotency,
      let first = shared.keys.claim(key, for: shard, now: recentWall)
    {
      return ask(first, about: key, before: command, for: shard, request, ticket: ticket)
    }
    if request.order != nil { careful[ticket] = request }
    enqueue(Submission(command: command, ticket: ticket), for: shard)
  }

  /// The key was first used for another shard: that one is asked before `shard` gets the command.
  func ask(
    _ first: ShardID, about key: IdempotencyKey, before command: Command, for shard: ShardID,
    _ request: CarefulRequest, ticket: Ticket
  ) {
    var request = request
    request.waiting = (command, shard)
    careful[ticket] = request
    let check = Command(scope: command.scope, operation: .checkKey(key), actor: command.actor)
    enqueue(Submission(command: check, ticket: ticket), for: first)
  }

  /// Takes out the answers that are for the engine itself, and ends what was noted for the others.
  func answered(_ answers: [Answer]) -> [Answer] {
    var rest: [Answer] = []
    rest.reserveCapacity(answers.count)
    for answer in answers {
      guard let request = careful.removeValue(forKey: answer.ticket) else {
        rest.append(answer)
        continue
      }
      if let (command, shard) = request.waiting, answer.outcome == .keyUnknown {
        if let key = command.idempotency {
          shared.keys.move(key, to: shard, now: recentWall)
        }
        if request.order != nil { careful[answer.ticket] = CarefulRequest(order: request.order) }
        enqueue(Submission(command: command, ticket: answer.ticket), for: shard)
        continue
      }
      if let order = request.order { shared.orders.end(order) }
      rest.append(answer)
    }
    return rest
  }

  /// The home of what the engine names itself: with all lines on one shard it is one shard call.
  private func home(of lines: [HoldLine]) -> ShardID {
    // A form without lines is refused before it comes here; whatever comes, some shard answers it.
    lines.first.map { shared.map.shard(ofProduct: $0.product) } ?? 0
  }

  private func newHoldID(home: ShardID) -> HoldID {
    shared.map.holdID(
      home: home,
      random: (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max)))
  }
}
