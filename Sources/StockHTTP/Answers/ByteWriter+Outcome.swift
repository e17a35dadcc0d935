import StockCore

extension ByteWriter {
  /// The body of an outcome.
  ///
  /// - Returns: its status. With 204 nothing was written.
  mutating func append(_ outcome: Outcome, about: Subject) -> Int {
    switch outcome {
    case .entry(let entry):
      append(entry)
      return 200
    case .transferred(let from, let to):
      append("{\"from\":")
      append(from)
      append(",\"to\":")
      append(to)
      append("}")
      return 200
    case .deleted:
      return 204
    case .product(let product):
      append(product)
      return 200
    case .productCreated(let product):
      append(product)
      return 201
    case .summary(let summary):
      append(summary)
      return 200
    case .allocated(let lines):
      append("{")
      appendMembers(of: lines)
      append("}")
      return 200
    case .hold(let hold):
      append(hold)
      return 200
    case .holdCreated(let hold):
      append(hold)
      return 201
    case .refused(let refusal):
      append(refusal, about: about)
      return refusal.code.status
    case .unavailable(let unavailability):
      append(unavailability, about: about)
      return unavailability.code.status
    case .reservedTogether, .part, .keyUnknown, .replay:
      // Atomic batches have a gather of their own, the others never leave the engine; said as a
      // failure to answer instead of stopping the engine.
      append(Unavailability.outcomeUnknown, about: about)
      return Unavailability.outcomeUnknown.code.status
    }
  }

  /// A line of a batch's results: the status, and what the operation's own endpoint would have
  /// answered. What its header would tell of the commit is told here, for each line has its own.
  mutating func appendLine(_ answer: Answer, about: Subject) {
    switch answer.outcome {
    case .entry(let entry):
      append("{\"status\":200,")
      appendMembers(of: entry)
    case .transferred(let from, let to):
      append("{\"status\":200,\"from\":")
      append(from)
      append(",\"to\":")
      append(to)
    case .allocated(let lines):
      append("{\"status\":200,")
      appendMembers(of: lines)
    case .refused(let refusal):
      append(refusal, about: about)
      reopen()
    case .unavailable(let unavailability):
      append(unavailability, about: about)
      return
    case .deleted, .product, .productCreated, .summary, .hold, .holdCreated, .reservedTogether,
      .part, .keyUnknown, .replay:
      // No operation of a batch ends so; said as what it is instead of stopping the engine.
      append("{\"status\":200")
    }
    appendCommit(of: answer)
    append("}")
  }

  /// The members that tell the commit.
  mutating func appendCommit(of answer: Answer) {
    append(",\"shard\":")
    append(Int64(answer.shard))
    append(",\"sequence\":")
    append(answer.sequence)
  }
}
