import StockCore

/// A moment as a date and a time of day in UTC, by the proleptic Gregorian calendar.
///
/// The arithmetic is Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years that begin
/// in March, so that the leap day is the last of its year.
struct CivilTime: Equatable {
  var year: Int
  /// 1 to 12.
  var month: Int
  /// 1 to 31.
  var day: Int
  /// Of the day: 0 to 86,399.
  var second: Int
  var millisecond: Int
  /// Days since 1970-01-01.
  var dayNumber: Int

  init(_ timestamp: Timestamp) {
    let milliseconds = Int(timestamp)
    let dayLength = 86_400_000
    var days = milliseconds / dayLength
    if milliseconds % dayLength < 0 { days -= 1 }
    let ofDay = milliseconds - days * dayLength
    self.dayNumber = days
    self.second = ofDay / 1_000
    self.millisecond = ofDay % 1_000

    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    self.day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    self.month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    self.year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days from 1970-01-01 to the given date.
  static func days(year: Int, month: Int, day: Int) -> Int {
    let marchYear = month <= 2 ? year - 1 : year
    let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// Reads an RFC 3339 time, such as "2026-11-23T05:30:00Z" or "2026-11-23T06:30:00.5+01:00".
  /// Digits below the millisecond are dropped; a leap second counts as the second after it.
  ///
  /// - Returns: nil where the text is anything else, or a moment that in UTC is not of the years 0 to
  ///   9999: it could not be written again.
  static func parse(_ text: String) -> Timestamp? {
    var rest = Substring(text).utf8
    func number(_ width: Int) -> Int? {
      guard rest.count >= width else { return nil }
      var value = 0
      for _ in 0..<width {
        guard let byte = rest.popFirst(), byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    func skip(_ wanted: [Character]) -> UInt8? {
      guard let byte = rest.first, wanted.contains(where: { $0.asciiValue == byte }) else {
        return nil
      }
      rest.removeFirst()
      return byte
    }
    guard let year = number(4), skip(["-"]) != nil, let month = number(2), skip(["-"]) != nil,
      let day = number(2), skip(["T", "t"]) != nil, let hour = number(2), skip([":"]) != nil,
      let minute = number(2), skip([":"]) != nil, let second = number(2),
      (1...12).contains(month), day >= 1, day <= daysInMonth(month, year), hour < 24, minute < 60,
      second <= 60
    else { return nil }

    var millisecond = 0
    if skip(["."]) != nil {
      var scale = 100
      guard let first = rest.first, first >= 48, first <= 57 else { return nil }
      while let byte = rest.first, byte >= 48, byte <= 57 {
        millisecond += Int(byte - 48) * scale
        scale /= 10
        rest.removeFirst()
      }
    }

    var offset = 0
    if skip(["Z", "z"]) == nil {
      guard let sign = skip(["+", "-"]), let hours = number(2), skip([":"]) != nil,
        let minutes = number(2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
    }
    guard rest.isEmpty else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    guard written.contains(seconds) else { return nil }
    return Timestamp(seconds * 1_000 + millisecond)
  }

  /// The years 0 to 9999, in seconds since 1970.
  private static let written =
    days(year: 0, month: 1, day: 1) * 86_400..<days(year: 10_000, month: 1, day: 1) * 86_400

  static let message = "must be a time such as 2030-01-31T12:00:00Z"

  private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
