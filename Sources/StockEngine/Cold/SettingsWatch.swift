import Logging
import NIOConcurrencyHelpers
import StockRedis

/// Looks every some seconds whether Redis is still set to keep what it is given: somebody may change that
/// while it runs (CONFIG SET), and it shows only when something is lost. It is said, and sales go on: what
/// Redis has in memory is as right as before.
final class SettingsWatch: Sendable {
  private struct State {
    /// What was wrong when Redis was asked last; nil: it does not say, or was not asked yet.
    var problems: [String]?
    /// What was wrong when that was known last: what the log says already.
    var told: [String]
    var task: Task<Void, Never>?
  }

  private let connection: ColdConnection
  private let durability: Durability
  private let interval: Duration
  private let logger: Logger
  private let state: NIOLockedValueBox<State>

  /// - Parameter told: what the start has warned of.
  init(
    connection: ColdConnection, configuration: EngineConfiguration, told: [String], logger: Logger
  ) {
    self.connection = connection
    self.durability = configuration.durability
    self.interval = configuration.settingsInterval
    self.logger = logger
    self.state = NIOLockedValueBox(State(told: told))
  }

  /// nil: not known.
  var isRight: Bool? { state.withLockedValue { $0.problems?.isEmpty } }

  func start() {
    let task = Task {
      repeat { await look() } while (try? await Task.sleep(for: interval)) != nil
    }
    state.withLockedValue { $0.task = task }
  }

  func stop() { state.withLockedValue { $0.task }?.cancel() }

  private func look() async {
    let durability = durability
    // That it does not answer is told by others.
    let problems = try? await connection.ask(SettingsCheck.question) {
      .success(SettingsCheck.problems(in: RESPValue($0), durability: durability))
    }
    note(problems ?? nil)
  }

  private func note(_ problems: [String]?) {
    let told = state.withLockedValue { state in
      defer { state.told = problems ?? state.told }
      state.problems = problems
      return state.told
    }
    guard let problems else { return }
    for problem in problems where !told.contains(problem) {
      logger.error("redis is not set any more to keep the stock", metadata: ["why": "\(problem)"])
    }
    if problems.isEmpty, !told.isEmpty { logger.notice("redis is set to keep the stock again") }
  }
}
