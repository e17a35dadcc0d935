/// What the fronts of all loops have together. Nothing of it is touched by a request that carries a key.
final class SharedFront: Sendable {
  let sessions: SessionStore
  let signIns = SignInLimit()
  let activity = Activity()
  let metrics: MetricsSource

  init(_ configuration: HTTPConfiguration) {
    sessions = SessionStore(configuration.sessions)
    metrics = MetricsSource(registry: configuration.metrics)
  }
}
