public import NIOCore
public import StockCore

/// What the front needs of the engine. `StockEngine` is the real one; tests may bring their own.
public protocol Engine: Sendable {
  var shardMap: ShardMap { get }
  var control: any ControlPlane { get }

  /// The way in for one event loop. Only to be called, and used, on that loop; the same one each time.
  func gateway(on loop: any EventLoop) -> any LoopGateway

  // The cold ways: they may wait.
  func entries(_ query: EntryQuery) async throws(EngineError) -> EntryPage
  func products(_ query: ProductQuery) async throws(EngineError) -> ProductPage
  func verify() async throws(EngineError) -> VerifyReport
  func health() async -> EngineHealth
}

/// Takes commands from one event loop and brings their answers back to it. Not Sendable.
public protocol LoopGateway: AnyObject {
  /// This loop's number, for `Ticket`.
  var loopIndex: Int { get }
  /// Who gets the answers. Set once, before the first `submit`.
  var receiver: (any AnswerReceiver)? { get set }

  /// Hands a command to the shard that it belongs to, at the end of this tick together with all that
  /// came in it. The answer comes to `receiver`: always later, never inside this call, exactly once.
  func submit(_ command: Command, ticket: Ticket)
}

/// Gets the answers of one loop.
public protocol AnswerReceiver: AnyObject {
  /// Called on the loop, with everything that became known at once: write all, then flush each
  /// connection once.
  func receive(_ answers: [Answer])
}

/// Why a list, a verify could not be made.
public enum EngineError: Error, Equatable, Sendable {
  /// A shard is not there: recovering, fenced, or Redis does not answer.
  case unavailable(String)
}
