import Foundation
import Testing

/// What the fuzzers try, without a fuzzer (docs/fuzzing.md).
@Suite struct CorpusTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Corpus")

  private static func inputs(_ name: String) throws -> [(file: String, bytes: [UInt8])] {
    let folder = folder.appendingPathComponent(name)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files.count >= 5, "the corpus is not where it is looked for: \(folder.path)")
    return try files.map { file in
      (file, [UInt8](try Data(contentsOf: folder.appendingPathComponent(file))))
    }
  }

  /// Every input that the fuzzers began from or kept.
  @Test(arguments: Fuzzer.all.map(\.name))
  func corpusKeepsItsPromises(name: String) throws {
    let fuzzer = try #require(Fuzzer.named(name))
    for (file, bytes) in try Self.inputs(name) {
      let broken = bytes.withUnsafeBufferPointer { fuzzer.check($0) }
      #expect(broken == nil, "\(name)/\(file)")
    }
  }

  /// How many changed inputs are tried, and of which seed; other ones than usual for long runs by hand.
  private static func number(_ name: String, else usual: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
  }

  /// Some thousand inputs made of those: the same ones each time.
  @Test(arguments: Fuzzer.all.map(\.name))
  func changedCorpusKeepsItsPromises(name: String) throws {
    let fuzzer = try #require(Fuzzer.named(name))
    let seed = Self.number("STOCK_FUZZ_SEED", else: 1)
    var mutator = Mutator(
      try Self.inputs(name).map(\.bytes), seed: UInt64(truncatingIfNeeded: seed))
    for round in 0..<Self.number("STOCK_FUZZ_ROUNDS", else: 2_000) {
      let bytes = mutator.next()
      guard let broken = bytes.withUnsafeBufferPointer({ fuzzer.check($0) }) else { continue }
      let text = Data(bytes).base64EncodedString()
      Issue.record("\(name), round \(round), in base 64: \(text): \(broken)")
      return
    }
  }
}
