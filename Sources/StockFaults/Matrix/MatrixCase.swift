/// One cell of the matrix: a fault of the connection to Redis, and a request that meets it.
struct MatrixCase: Sendable, CustomStringConvertible {
  /// What the client asks for meanwhile.
  enum Form: String, CaseIterable, Sendable {
    /// One reserve.
    case single
    /// Three operations on two products of different shards.
    case batch
    /// A reservation with a line on each of two shards.
    case hold
  }

  var name: String
  var fault: Fault
  var form: Form
  /// The shard may stop for it, and say so.
  var mayStop: Bool

  var description: String { "\(name), \(form.rawValue)" }

  /// The commit of a hold over shards that a fault may meet: its home's note, the other shard's part.
  private static let commits = 0..<2

  /// Every fault, before and after Redis has executed the commit, with each form of request.
  ///
  /// - Parameter long: also those that outlast every time-out: some seconds each.
  static func all(long: Bool) -> [MatrixCase] {
    var cases: [MatrixCase] = []
    for (name, fault, mayStop) in faults(long: long) {
      for form in Form.allCases {
        for skipped in form == .hold ? commits : 0..<1 {
          var fault = fault
          fault.skipped = skipped
          cases.append(
            MatrixCase(
              name: skipped == 0 ? name : "\(name), second commit", fault: fault, form: form,
              mayStop: mayStop))
        }
      }
    }
    return cases
  }

  /// Each fault once, with the forms in turn.
  static var short: [MatrixCase] {
    faults(long: false).enumerated().map { place, row in
      // A reservation whose other shard has stopped waits for some seconds.
      let form = row.mayStop ? Form.allCases[place % 2] : Form.allCases[place % 3]
      var fault = row.fault
      if form == .hold { fault.skipped = place / 3 % 2 }
      return MatrixCase(name: row.name, fault: fault, form: form, mayStop: row.mayStop)
    }
  }

  private static func faults(
    long: Bool
  ) -> [(name: String, fault: Fault, mayStop: Bool)] {
    var rows: [(String, Fault, Bool)] = []
    for says in RedisSays.errors + RedisSays.oddities {
      let stops = says.consequence == .stops
      rows.append(("\(says.name) before", Fault(.answer(says.bytes)), stops))
      rows.append(("\(says.name) after", Fault(.replaceReply(says.bytes)), stops))
    }
    rows += [
      ("late command", Fault(.delay(.milliseconds(200))), false),
      ("late reply", Fault(.delayReply(.milliseconds(200))), false),
      ("cut before", Fault(.cutBefore), false),
      ("cut after", Fault(.cutAfter), false),
      ("cut within the reply's head", Fault(.cutInReply(bytes: 1)), false),
      ("cut before the reply's end", Fault(.cutInReply(bytes: .max)), false),
      ("cut before, three times", Fault(.cutBefore, times: 3), false),
      ("cut after, three times", Fault(.cutAfter, times: 3), false),
      ("slow replies", Fault(.throttle(bytesPerSecond: 200)), false),
    ]
    guard long else { return rows }
    let seconds = outlasting
    for says in RedisSays.errors where says.consequence == .goesOn {
      rows.append(
        ("\(says.name) before, for \(seconds) s", Fault(.answer(says.bytes), times: nil), false))
      rows.append(
        (
          "\(says.name) to everything, for \(seconds) s",
          Fault(.answer(says.bytes), on: .everything, times: nil), false
        ))
    }
    rows += [
      ("command later than every time-out", Fault(.delay(.seconds(seconds))), false),
      ("reply later than every time-out", Fault(.delayReply(.seconds(seconds))), false),
      ("all commands late", Fault(.delay(.seconds(seconds)), on: .everything, times: nil), false),
      ("cut before, on and on", Fault(.cutBefore, on: .everything, times: nil), false),
      ("cut after, on and on", Fault(.cutAfter, times: nil), false),
      ("cut in replies, on and on", Fault(.cutInReply(bytes: 2), times: nil), false),
    ]
    return rows
  }

  /// Seconds: longer than the engine's time-outs (3 s for a commit, 5 s for an answer).
  static let outlasting = 7
}
