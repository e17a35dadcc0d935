import Foundation

/// The reader of config files would take `true` for 1, and 1 for `true`.
enum BooleanCheck {
  private enum Kind: Decodable {
    case boolean, other

    init(from decoder: any Decoder) throws {
      self = (try? decoder.singleValueContainer().decode(Bool.self)) == nil ? .other : .boolean
    }
  }

  /// Settings that are true or false.
  private static let names: Set = ["allow-unsafe-redis"]

  /// - Parameter data: an object of single values.
  static func run(_ data: Data, _ path: String) throws {
    let kinds = try JSONDecoder().decode([String: Kind].self, from: data)
    for (name, kind) in kinds.sorted(by: { $0.key < $1.key }) {
      guard names.contains(name) != (kind == .boolean) else { continue }
      throw ToolError(
        names.contains(name)
          ? "--\(name) must be true or false, and is not in \(path)"
          : "--\(name) must not be true or false, and is in \(path)")
    }
  }
}
