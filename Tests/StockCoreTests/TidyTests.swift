import Foundation
import Testing

/// House rules that a compiler does not know.
@Suite("Tidy")
struct TidyTests {
  struct File {
    /// From the root of the repository.
    var path: String
    var lines: [String]
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func files(under folder: String, _ suffix: String = ".swift") throws -> [File] {
    let base = root.appendingPathComponent(folder)
    guard let names = FileManager.default.enumerator(atPath: base.path) else { return [] }
    return try names.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }.sorted().map {
      let text = try String(contentsOf: base.appendingPathComponent($0), encoding: .utf8)
      return File(path: folder + "/" + $0, lines: text.components(separatedBy: "\n"))
    }
  }

  static func all() throws -> [File] {
    let files = try files(under: "Sources") + files(under: "Tests")
    try #require(files.count > 30, "the sources are not where they are looked for: \(root.path)")
    return files
  }

  @Test("the core imports nothing")
  func coreImportsNothing() throws {
    let files = try Self.files(under: "Sources/StockCore")
    #expect(files.count > 10)
    for file in files {
      for line in file.lines {
        let words = line.split(separator: " ")
        #expect(!words.prefix(2).contains("import"), "\(file.path): \(line)")
      }
    }
  }

  @Test("what the compiler cannot check has its reason in the line above")
  func uncheckedHasReason() throws {
    let unchecked = ["@unchecked " + "Sendable", "nonisolated" + "(unsafe)"]
    for file in try Self.all() {
      for (index, line) in file.lines.enumerated()
      where unchecked.contains(where: { line.contains($0) }) {
        let above = index > 0 ? file.lines[index - 1].drop { $0 == " " } : ""
        #expect(above.hasPrefix("//"), "\(file.path):\(index + 1) needs its reason")
      }
    }
  }

  @Test("no file is longer than 500 lines")
  func filesAreShort() throws {
    // A text that a script wrote is read where it came from.
    for file in try Self.all() where !file.lines[0].hasPrefix("// Made by ") {
      #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count - 1) lines")
    }
  }

  @Test("nothing that a client or Redis can cause ends the process")
  func noCrashes() throws {
    let banned = ["try" + "!", "fatal" + "Error(", " as" + "! "]
    for file in try Self.files(under: "Sources") {
      for (index, line) in file.lines.enumerated() {
        let code = line.components(separatedBy: "//")[0]
        for word in banned {
          #expect(!code.contains(word), "\(file.path):\(index + 1): \(word)")
        }
      }
    }
  }

  @Test("nothing is left to do")
  func nothingLeftToDo() throws {
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    for file in try Self.all() {
      for (index, line) in file.lines.enumerated() {
        let words = line.split { !$0.isLetter }
        #expect(
          !words.contains { marks.contains(String($0)) }, "\(file.path):\(index + 1): \(line)")
      }
    }
  }

  @Test("links in the documents lead to files")
  func linksLeadSomewhere() throws {
    var documents = try Self.files(under: "docs", ".md")
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
      let url = Self.root.appendingPathComponent(name)
      guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
      documents.append(File(path: name, lines: text.components(separatedBy: "\n")))
    }
    let committed = Self.committed()
    for document in documents {
      let folder = Self.root.appendingPathComponent(document.path).deletingLastPathComponent()
      for (index, line) in document.lines.enumerated() {
        for target in Self.links(in: line) {
          let path = folder.appendingPathComponent(target).standardizedFileURL.path
          let place = "\(document.path):\(index + 1)"
          #expect(FileManager.default.fileExists(atPath: path), "\(place): no file \(target)")
          // Git knows files only: a folder is there when something in it is.
          let known = committed?.contains { $0 == path || $0.hasPrefix(path + "/") }
          #expect(known != false, "\(place): \(target) is not committed")
        }
      }
    }
  }

  /// The files that a clone has, or nil where this is not a work tree, or there is no git.
  static func committed() -> [String]? {
    let git = Process()
    git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    git.arguments = ["git", "-C", root.path, "ls-files", "-z"]
    let output = Pipe()
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil,
      let bytes = try? output.fileHandleForReading.readToEnd()
    else { return nil }
    git.waitUntilExit()
    guard git.terminationStatus == 0 else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\0").map {
      root.appendingPathComponent(String($0)).standardizedFileURL.path
    }
  }

  @Test("the finder of links finds them")
  func findsLinks() {
    let line = "see [a](x/a.md#part), [b](https://b) and ![c](c.png) or [d](#here)"
    #expect(Self.links(in: line) == ["x/a.md", "c.png"])
  }

  /// The files that a line of Markdown links to.
  static func links(in line: String) -> [String] {
    line.components(separatedBy: "](").dropFirst().compactMap { rest in
      guard let end = rest.firstIndex(of: ")") else { return nil }
      let target = rest[..<end]
      if target.contains("://") || target.hasPrefix("#") || target.hasPrefix("mailto:") {
        return nil
      }
      return target.split(separator: "#").first.map(String.init)
    }
  }
}
