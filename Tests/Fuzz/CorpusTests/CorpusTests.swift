import Foundation
import Testing

/// Every input that the fuzzers began from or kept, without a fuzzer (docs/fuzzing.md).
@Suite struct CorpusTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Corpus")

  @Test(arguments: Fuzzer.all.map(\.name))
  func corpusKeepsItsPromises(name: String) throws {
    let fuzzer = try #require(Fuzzer.named(name))
    let folder = Self.folder.appendingPathComponent(name)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files.count >= 5, "the corpus is not where it is looked for: \(folder.path)")
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(file)))
      let broken = bytes.withUnsafeBufferPointer { fuzzer.check($0) }
      #expect(broken == nil, "\(name)/\(file)")
    }
  }
}
