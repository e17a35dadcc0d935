import Foundation

/// Writes a Swift file with the texts of other files, each a `StaticString`: what the engine serves is
/// part of its executable, and costs no memory of its own.
///
/// Usage: embed-texts OUTPUT ENUM FILE…
@main
struct EmbedTexts {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 3 else { throw Failure("usage: embed-texts OUTPUT ENUM FILE…") }
    let files = arguments[3...].map { URL(fileURLWithPath: $0) }
    var source = """
      /// Texts of files, by their names.
      enum \(arguments[2]) {
        static let all: [(name: String, text: StaticString)] = [
      \(files.map { "    (\"\($0.lastPathComponent)\", \(name(of: $0)))," }.joined(separator: "\n"))
        ]

      """
    for file in files {
      let text = try String(contentsOf: file, encoding: .utf8)
      guard !text.contains("\"\"\"####") else {
        throw Failure("\(file.path) has the end of its own literal in it")
      }
      source += "  static let \(name(of: file)): StaticString = ####\"\"\"\n\(text)\n\"\"\"####\n"
    }
    try (source + "}\n").write(toFile: arguments[1], atomically: true, encoding: .utf8)
  }

  /// "main.js" is `main_js`.
  private static func name(of file: URL) -> String {
    String(file.lastPathComponent.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }
}

private struct Failure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
