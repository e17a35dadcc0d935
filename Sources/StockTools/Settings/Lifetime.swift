/// A span of time as people type it: "90s", "15m", "12h", "30d", "4w".
public enum Lifetime {
  /// - Returns: seconds, up to 100 years; nil where `text` is none.
  public static func seconds(_ text: String) -> Int64? {
    guard let unit = text.last, let count = Int64(text.dropLast()), count > 0,
      text.first?.isNumber == true
    else { return nil }
    let factor: Int64
    switch unit {
    case "s": factor = 1
    case "m": factor = 60
    case "h": factor = 3_600
    case "d": factor = 86_400
    case "w": factor = 604_800
    default: return nil
    }
    let (seconds, overflow) = count.multipliedReportingOverflow(by: factor)
    return overflow || seconds > 100 * 365 * 86_400 ? nil : seconds
  }
}
