import StockCore

/// What becomes of an atomic batch's lines: a shard judged them as sums of each product and location.
struct AtomicGather {
  /// The sums that were asked for.
  let sums: [HoldAmount]
  /// For each operation, the place of its sum.
  let places: [Int]

  /// The whole body.
  ///
  /// - Returns: the status.
  func write(
    _ answer: Answer, into writer: inout ByteWriter, _ counts: inout FrontCounts
  ) -> Int {
    var batch = BatchCounts(lines: places.count)
    switch answer.outcome {
    case .reservedTogether(let entries) where entries.count == sums.count:
      counts.answered(batch)
      writer.append("{\"results\":[")
      for place in places.indices {
        if place > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append("{\"status\":200,")
        writer.appendMembers(of: entries[places[place]])
        writer.appendCommit(of: answer)
        writer.append("}")
      }
      writer.append("]}")
      return 200
    case .refused(.linesRefused(let refused)):
      let problem = Problem(.batchRefused, "\(refused.count) of its lines could not be had.")
      writer.append(problem)
      writer.reopen()
      writer.append(",\"results\":[")
      let own = refusals(refused)
      for place in places.indices {
        if place > 0 { writer.append(UInt8(ascii: ",")) }
        let refusal = own[places[place]]
        batch.refused(refusal?.code ?? .batchRefused)
        writeLine(sums[places[place]], refusal, into: &writer)
      }
      counts.answered(batch)
      writer.append("]}")
      return problem.code.status
    case let other:
      return writer.append(other, about: Subject())
    }
  }

  /// The code that the answer to all of it has, where that is not the outcome's own.
  func problem(of outcome: Outcome) -> ProblemCode? {
    if case .refused(.linesRefused) = outcome { .batchRefused } else { nil }
  }

  /// The refusal of each sum; nil for those that could be had.
  private func refusals(_ refused: [LineRefusal]) -> [Refusal?] {
    var own = [Refusal?](repeating: nil, count: sums.count)
    for line in refused {
      // The sums are sorted by product and location.
      var low = 0
      var high = sums.count
      while low < high {
        let middle = (low + high) / 2
        let sum = sums[middle]
        let isBefore =
          sum.product != line.product
          ? sum.product < line.product : sum.location < line.location
        if isBefore { low = middle + 1 } else { high = middle }
      }
      if low < sums.count, sums[low].product == line.product, sums[low].location == line.location {
        own[low] = line.refusal
      }
    }
    return own
  }

  private func writeLine(_ sum: HoldAmount, _ own: Refusal?, into writer: inout ByteWriter) {
    let subject = Subject(product: sum.product, location: sum.location)
    if let own {
      writer.append(own, about: subject)
    } else {
      var problem = Problem(.batchRefused, "This line could be had, but not all could.")
      problem.subject = subject
      writer.append(problem)
    }
  }
}
