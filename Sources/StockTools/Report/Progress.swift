import Foundation
import Synchronization

/// Shows on standard error how far long work has come: a bar on a terminal, a plain line every few
/// seconds elsewhere.
public final class Progress: Sendable {
  private struct State {
    var done = 0
    var shownAt: ContinuousClock.Instant?
    var isFinished = false
  }

  private let label: String
  private let unit: String
  /// 0: not known.
  private let total: Int
  private let isTerminal: Bool
  private let started = ContinuousClock.now
  private let state = Mutex(State())
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - isTerminal: nil asks standard error.
  ///   - write: where the text goes; nil is standard error.
  public init(
    _ label: String, total: Int, unit: String, isTerminal: Bool? = nil,
    write: (@Sendable (String) -> Void)? = nil
  ) {
    self.label = label
    self.unit = unit
    self.total = total
    self.isTerminal = isTerminal ?? (isatty(STDERR_FILENO) == 1)
    self.write = write ?? { StandardError.write($0) }
  }

  public func advance(by count: Int = 1) {
    let text: String? = state.withLock { state in
      state.done += count
      let now = ContinuousClock.now
      let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
      guard now - (state.shownAt ?? started) >= pause else { return nil }
      state.shownAt = now
      return render(done: state.done, at: now, last: false)
    }
    if let text { write(text) }
  }

  /// Shows where it ended. Once; later calls do nothing.
  public func finish() {
    let text: String? = state.withLock { state in
      guard !state.isFinished else { return nil }
      state.isFinished = true
      return render(done: state.done, at: .now, last: true)
    }
    if let text { write(text) }
  }

  private func render(done: Int, at now: ContinuousClock.Instant, last: Bool) -> String {
    let elapsed = now - started
    var text = "\(label): \(done.grouped)"
    if total > 0 { text += " of \(total.grouped)" }
    text += " \(unit), \(elapsed.rate(of: done).grouped)/s"
    if last { text += ", \(elapsed.spoken)" }
    guard isTerminal else { return text + "\n" }
    if total > 0 {
      let width = 30
      let filled = min(width, done * width / total)
      let bar =
        String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      text = "\(bar) \(text)"
    }
    return "\r\u{1B}[K" + text + (last ? "\n" : "")
  }
}
