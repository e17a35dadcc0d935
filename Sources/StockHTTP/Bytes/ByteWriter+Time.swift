import StockCore

extension ByteWriter {
  /// "2026-11-23T05:30:00.123Z" (RFC 3339), without quotes.
  mutating func append(time timestamp: Timestamp) {
    if let text = times.text(of: timestamp) {
      append(text)
      return
    }
    write(time: timestamp)
    times.note(timestamp, UnsafeRawBufferPointer(rebasing: bytes.suffix(TimeTexts.length)))
  }

  private mutating func write(time timestamp: Timestamp) {
    let time = CivilTime(timestamp)
    reserve(TimeTexts.length)
    appendDigits(UInt64(clamping: time.year), width: 4)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(time.month), width: 2)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(time.day), width: 2)
    append(UInt8(ascii: "T"))
    append(secondOfDay: time.second, millisecond: time.millisecond)
    append(UInt8(ascii: "Z"))
  }

  /// "Mon, 23 Nov 2026 05:30:00 GMT" (RFC 9110, section 5.6.7).
  mutating func append(httpDate timestamp: Timestamp) {
    let time = CivilTime(timestamp)
    let weekdays: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months: [StaticString] = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    append(weekdays[((time.dayNumber % 7) + 7) % 7])
    append(", ")
    appendDigits(UInt64(time.day), width: 2)
    append(UInt8(ascii: " "))
    append(months[time.month - 1])
    append(UInt8(ascii: " "))
    appendDigits(UInt64(clamping: time.year), width: 4)
    append(UInt8(ascii: " "))
    appendDigits(UInt64(time.second / 3_600), width: 2)
    append(UInt8(ascii: ":"))
    appendDigits(UInt64(time.second / 60 % 60), width: 2)
    append(UInt8(ascii: ":"))
    appendDigits(UInt64(time.second % 60), width: 2)
    append(" GMT")
  }
}
