// How lines of a hold become others.
extension Hold {
  /// For which order the hold is open; nil where it is not, or for none.
  var openOrder: OrderKey? {
    status.isClosed || order.isEmpty ? nil : OrderKey(store: store, order: order)
  }

  /// The lines as this hold's counters have them: while others are asked, all that is to be taken has
  /// been taken, and nothing has been given back.
  var appliedLines: [HoldLine] {
    guard let operation, operation.phase == .preparing else { return lines }
    return Self.prepared(lines, for: operation.target, operation.kind)
  }

  /// What `old` lines are to be before it is decided whether they become `target`.
  static func prepared(
    _ old: [HoldLine], for target: [HoldLine], _ kind: HoldOperation.Kind
  ) -> [HoldLine] {
    switch kind {
    case .fulfill, .reserve: return target
    case .release, .expire: return old
    case .take: break
    }
    var lines = target
    var places: [LineKey: Int] = [:]
    for (place, line) in lines.enumerated() { places[LineKey(line)] = place }
    for line in old {
      if let place = places[LineKey(line)] {
        // What was never counted is not taken for what is.
        if line.unlimited != lines[place].unlimited { continue }
        lines[place].held = max(lines[place].held, line.held)
        lines[place].quantity = max(
          lines[place].quantity, lines[place].held + lines[place].fulfilled)
      } else {
        lines.append(line)
      }
    }
    return lines
  }

  /// The lines that a new request for the same order asks for: what was shipped stays in the books.
  func lines(replacedBy asked: [HoldLine]) -> [HoldLine] {
    var lines = asked
    var places: [LineKey: Int] = [:]
    for (place, line) in lines.enumerated() { places[LineKey(line)] = place }
    for line in self.lines where line.fulfilled > 0 {
      if let place = places[LineKey(line)] {
        lines[place].fulfilled = line.fulfilled
        lines[place].quantity += line.fulfilled
        lines[place].sale = line.sale
      } else {
        var shipped = line
        shipped.quantity = line.fulfilled
        shipped.held = 0
        lines.append(shipped)
      }
    }
    return lines
  }

  /// Lines that make more of their product than can be counted, with what was shipped of it before. So
  /// what a hold has of a product can always be added up, and be read again from Redis.
  static func tooLarge(_ lines: [HoldLine]) -> [LineRefusal] {
    // Nearly always: however many lines there are.
    let few = Bounds.maxQuantity / Int64(4 * Bounds.maxLinesPerHold)
    if lines.allSatisfy({ $0.quantity <= few }) { return [] }
    var sums: [ProductID: Int64] = [:]
    return lines.compactMap { line in
      let sum = sums[line.product] ?? 0
      guard line.quantity <= Bounds.maxQuantity - sum else {
        return LineRefusal(
          product: line.product, location: line.location, refusal: .quantityTooLarge)
      }
      sums[line.product] = sum + line.quantity
      return nil
    }
  }

  /// Whether a request asks for what the hold was made for. A line without a location stands for all
  /// lines of its product.
  func wasMadeFor(_ asked: [HoldLine]) -> Bool {
    // Wide: what is asked for has not been added up yet.
    var exact: [LineKey: Int128] = [:]
    var anywhere: [ProductID: Int128] = [:]
    let unplaced = Set(asked.filter { $0.location.isEmpty && !$0.unlimited }.map(\.product))
    for line in lines {
      if unplaced.contains(line.product) {
        anywhere[line.product, default: 0] += Int128(line.quantity)
      } else {
        exact[LineKey(line), default: 0] += Int128(line.quantity)
      }
    }
    for line in asked {
      if unplaced.contains(line.product) {
        anywhere[line.product, default: 0] -= Int128(line.quantity)
      } else {
        exact[LineKey(line), default: 0] -= Int128(line.quantity)
      }
    }
    return exact.values.allSatisfy { $0 == 0 } && anywhere.values.allSatisfy { $0 == 0 }
  }

  /// Why some units cannot leave the hold.
  enum AmountError: Error {
    case noSuchLine(HoldAmount)
    case tooMany(HoldAmount, held: Int64)
  }

  /// The lines without some units, shipped or given back; nil amounts: without all.
  func lines(
    taking amounts: [HoldAmount]?, shipped: Bool
  ) throws(AmountError) -> [HoldLine] {
    var lines = lines
    func take(_ quantity: Int64, from place: Int) {
      lines[place].held -= quantity
      if shipped { lines[place].fulfilled += quantity }
    }
    guard let amounts else {
      for place in lines.indices { take(lines[place].held, from: place) }
      return lines
    }
    for amount in amounts {
      let places = self.places(of: amount)
      guard !places.isEmpty else { throw .noSuchLine(amount) }
      // Wide: somebody may have written another hold into Redis than we would.
      let held = places.reduce(Int128(0)) { $0 + Int128(lines[$1].held) }
      guard amount.quantity <= held else {
        throw .tooMany(amount, held: Int64(clamping: held))
      }
      var rest = amount.quantity
      for place in places where rest > 0 {
        let part = min(rest, lines[place].held)
        take(part, from: place)
        rest -= part
      }
    }
    return lines
  }

  /// Whether so many units of the lines left the hold in this way already.
  func hasLost(_ amounts: [HoldAmount]?, shipped: Bool) -> Bool {
    guard let amounts else { return true }
    return amounts.allSatisfy { amount in
      let gone = places(of: amount).reduce(Int128(0)) {
        $0 + Int128(shipped ? lines[$1].fulfilled : lines[$1].released)
      }
      return gone >= amount.quantity
    }
  }

  private func places(of amount: HoldAmount) -> [Int] {
    lines.indices.filter {
      lines[$0].product == amount.product
        && (amount.location.isEmpty || lines[$0].location == amount.location)
    }
  }
}

extension HoldLine {
  /// Whether a hold that has `before` has no more units with this line. Then the line may stay although its
  /// product went to another store meanwhile: what the hold has of it has been promised.
  func takesNothing(beside before: HoldLine?, neverRunsOut: Bool) -> Bool {
    guard let before, held + fulfilled <= before.held + before.fulfilled else { return false }
    // What was held while the product never ran out is no unit yet.
    return unlimited || neverRunsOut || !before.unlimited
  }
}
