import Foundation

/// Sends the same request again and again to any HTTP server that speaks HTTP/1.1 and keeps
/// connections open: nothing is set up, and no books are kept.
public struct ConstantRunner: Sendable {
  private let url: EngineURL
  private let request: [UInt8]
  private let options: LoadOptions

  /// - Parameters:
  ///   - path: nil: that of a reserve.
  ///   - body: JSON; nil: that of a reserve where the method is POST, else none.
  ///   - key: the bearer token; nil: one is made up, as long as a real one.
  public init(
    url: EngineURL, method: String, path: String?, body: String?, key: String?, options: LoadOptions
  ) {
    self.url = url
    self.options = options
    let heads = RequestHeads(
      authority: url.authority, key: key ?? "sk_" + String(repeating: "x", count: 43))
    let reserve = RequestHeads.reserveBody(product: BenchStage.firstProduct)
    let text = body ?? (method == "POST" ? reserve : "")
    request =
      heads.request(
        method, [.text(path ?? "\(RequestHeads.inventory)/reserve")],
        body: BytePattern([.text(text)])
      ).bytes
  }

  /// - Throws: `ToolError` where nobody answers there.
  public func run() async throws -> BenchReport {
    var report = BenchReport(constant: options, startedAt: Date())
    let request = request
    let outcome = try await LoadThreads(url: url, options: options).run("constant") { _, _ in
      ConstantWorkload(request)
    }
    report.take(outcome)
    return report
  }
}
