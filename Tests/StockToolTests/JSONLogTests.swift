import Foundation
import Logging
import Synchronization
import Testing

@testable import StockTools

@Suite("Logs as JSON")
struct JSONLogTests {
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  private func log(_ body: (inout Logger) -> Void) throws -> [[String: Any]] {
    let lines = Lines()
    var logger = Logger(label: "shop \"x\"") { label in
      JSONLogHandler(label: label) { line in lines.all.withLock { $0.append(line) } }
    }
    body(&logger)
    return try lines.all.withLock { $0 }.map { line in
      #expect(line.hasSuffix("}\n") && line.filter { $0.isNewline }.count == 1, "one line")
      return try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }

  @Test("a line has its time, level, message and metadata")
  func line() throws {
    let seen = try log { logger in
      logger[metadataKey: "shard"] = "3"
      logger.notice("hello", metadata: ["list": ["a", "b"], "map": ["k": "v"]])
    }
    let one = try #require(seen.first)
    #expect(one["level"] as? String == "notice" && one["message"] as? String == "hello")
    #expect(one["logger"] as? String == "shop \"x\"" && one["shard"] as? String == "3")
    #expect(one["list"] as? [String] == ["a", "b"])
    #expect(one["map"] as? [String: String] == ["k": "v"])
    let time = try #require(one["time"] as? String)
    #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
  }

  /// Keeps what it is given, as text.
  private struct Keeper: LogHandler {
    let lines: Lines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { $1 }
      lines.all.withLock { $0.append("\(event.message) \(all)") }
    }
  }

  @Test("nothing in the log for people can begin another line, or colour it")
  func console() throws {
    let lines = Lines()
    var logger = Logger(label: "x") { _ in ConsoleLogHandler(Keeper(lines: lines)) }
    let evil = "a\nb\r\u{2028}\u{1B}[31m\u{9B}é"
    logger[metadataKey: "own"] = "\(evil)"
    logger.warning(
      "\(evil)", metadata: ["text": "\(evil)", "list": ["\(evil)"], "map": ["k": "\(evil)"]])
    let line = try #require(lines.all.withLock { $0 }.first)
    let escaped = #"a\u{a}b\u{d}\u{2028}\u{1b}[31m\u{9b}é"#
    #expect(line.hasPrefix(escaped + " "), "\(line)")
    for odd in ["\n", "\r", "\u{2028}", "\u{1B}", "\u{9B}"] {
      #expect(!line.unicodeScalars.contains { String($0) == odd }, "\(line)")
    }
    #expect(line.contains("own") && line.contains("text") && line.contains("map"))
  }

  @Test("nothing in a message can begin another line, or another field")
  func injection() throws {
    let evil = "a\nb\r\u{2028}\u{0}\u{1B}[31m\",\"level\":\"critical\\"
    let seen = try log { $0.warning("\(evil)", metadata: ["level": "mine", "\(evil)": "\(evil)"]) }
    let one = try #require(seen.first)
    #expect(seen.count == 1 && one["level"] as? String == "warning")
    #expect(one["message"] as? String == evil && one[evil] as? String == evil)
    #expect(one["meta_level"] as? String == "mine")
  }

  @Test("what is below the level is not written")
  func level() throws {
    let seen = try log { logger in
      logger.logLevel = .error
      logger.warning("no")
      logger.error("yes")
    }
    #expect(seen.map { $0["message"] as? String } == ["yes"])
  }

  @Test(
    "what a full disk does not take is lost, and nothing ends",
    .enabled(if: access("/dev/full", W_OK) == 0))
  func fullDisk() {
    let file = open("/dev/full", O_WRONLY)
    defer { close(file) }
    #expect(!StandardError.write("a line\n", to: file))
  }
}
