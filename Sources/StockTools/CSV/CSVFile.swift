import Foundation

/// A CSV file, or standard input.
public enum CSVFile {
  /// Bytes read at once.
  static let chunkBytes = 1 << 18

  /// - Parameter path: `-` is standard input.
  /// - Throws: `ToolError` where the file cannot be opened; the reader, where it cannot be read on.
  public static func open(_ path: String) throws -> CSVReader {
    let handle: FileHandle
    if path == "-" {
      handle = .standardInput
    } else {
      guard let opened = FileHandle(forReadingAtPath: path) else {
        throw ToolError("cannot read \(path): no such file, or it may not be read")
      }
      handle = opened
    }
    return CSVReader {
      do {
        return try handle.read(upToCount: chunkBytes).map { [UInt8]($0) } ?? []
      } catch {
        throw ToolError("cannot read \(path): \(error.localizedDescription)")
      }
    }
  }
}
