public import CoreMetrics
import NIOConcurrencyHelpers

/// A backend of swift-metrics that keeps what is told to it and writes it as Prometheus text.
///
/// For what happens seldom: a shard was loaded, redis-server started again, and whatever libraries
/// tell. It takes a lock each time. What happens with every request is counted by the loops themselves
/// (`FrontCounts`, `CommitCounts`) and joins this in `/metrics`.
public final class MetricRegistry: MetricsFactory {
  /// More metrics than this are dropped: labels are to come from closed lists.
  static let maxMetrics = 1_000

  fileprivate struct Key: Hashable {
    var name: String
    var labels: [[String]]
  }

  /// One metric's state, behind its own lock.
  fileprivate final class Cell: Sendable {
    struct State {
      var value = 0.0
      var count = 0
    }
    let kind: MetricsText.Kind
    let state = NIOLockedValueBox(State())
    init(_ kind: MetricsText.Kind) { self.kind = kind }
  }

  private let cells = NIOLockedValueBox<[Key: Cell]>([:])

  public init() {}

  private func cell(_ kind: MetricsText.Kind, _ label: String, _ dimensions: [(String, String)])
    -> Cell
  {
    let key = Key(
      name: Self.name(label), labels: dimensions.map { [Self.name($0.0), $0.1] })
    return cells.withLockedValue { cells in
      if let known = cells[key], known.kind == kind { return known }
      let made = Cell(kind)
      if cells.count < Self.maxMetrics, cells[key] == nil { cells[key] = made }
      return made
    }
  }

  /// Letters, digits and `_`; not a digit first.
  private static func name(_ text: String) -> String {
    let name = String(
      text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    return name.first?.isNumber ?? true ? "_" + name : name
  }

  func write(into text: inout MetricsText) {
    let all = cells.withLockedValue { $0 }
    let sorted = all.sorted {
      ($0.key.name, $0.key.labels.joined().joined(separator: "\0"))
        < ($1.key.name, $1.key.labels.joined().joined(separator: "\0"))
    }
    var last = ""
    for (key, cell) in sorted {
      let labels = key.labels.map { (name: $0[0], value: $0[1]) }
      let state = cell.state.withLockedValue { $0 }
      if key.name != last { text.begin(key.name, cell.kind, "Told by the engine's parts.") }
      last = key.name
      switch cell.kind {
      case .counter, .gauge: text.sample(key.name, labels, state.value)
      case .summary, .histogram:
        text.sample(key.name + "_sum", labels, state.value)
        text.sample(key.name + "_count", labels, state.count)
      }
    }
  }

  // MARK: MetricsFactory

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    Handler(cell(.counter, label, dimensions))
  }

  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    Handler(cell(.counter, label, dimensions))
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    Handler(cell(.gauge, label, dimensions))
  }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    Handler(cell(aggregate ? .summary : .gauge, label, dimensions))
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    Handler(cell(.summary, label, dimensions))
  }

  // Handles come and go; the metric stays, as Prometheus wants it.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}

  /// One class for all kinds: what they do is adding to a number, or setting it.
  private final class Handler: CounterHandler, FloatingPointCounterHandler, MeterHandler,
    RecorderHandler, TimerHandler
  {
    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    private func add(_ value: Double) {
      cell.state.withLockedValue {
        $0.value += value
        $0.count += 1
      }
    }

    func increment(by value: Int64) { add(Double(value)) }
    func increment(by value: Double) { add(value) }
    func decrement(by value: Double) { add(-value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { cell.state.withLockedValue { $0.value = value } }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { cell.kind == .gauge ? set(value) : add(value) }
    /// Seconds, as Prometheus wants them.
    func recordNanoseconds(_ duration: Int64) { add(Double(duration) / 1e9) }
    func reset() { cell.state.withLockedValue { $0 = Cell.State() } }
  }
}
