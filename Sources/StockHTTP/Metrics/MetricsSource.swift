import NIOConcurrencyHelpers
import NIOCore
import StockEngine

/// What the loops of one server share: gathers what they have counted, when somebody asks for
/// `/metrics`.
final class MetricsSource: Sendable {
  let exports = ExportDesk()
  private let fronts = NIOLockedValueBox<[NIOLoopBound<LoopFront>]>([])
  private let registry: MetricRegistry?

  init(registry: MetricRegistry? = nil) { self.registry = registry }

  /// Called for each loop as the server starts.
  func add(_ front: NIOLoopBound<LoopFront>) { fronts.withLockedValue { $0.append(front) } }

  /// All figures as Prometheus text.
  func text(of engine: any Engine) async -> [UInt8] {
    var figures = FrontFigures()
    for front in fronts.withLockedValue({ $0 }) {
      if let one = try? await front.eventLoop.submit({ front.value.figures }).get() {
        figures.add(one)
      }
    }
    var text = MetricsText()
    text.append(figures)
    text.append(await engine.figures())
    text.append(ProcessFigures())
    registry?.write(into: &text)
    return Array(text.text.utf8)
  }
}
