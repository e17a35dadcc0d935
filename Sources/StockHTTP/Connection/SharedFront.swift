/// What the fronts of all loops have together. A request that carries a key touches nothing of it, unless
/// keys have a rate limit.
final class SharedFront: Sendable {
  let sessions: SessionStore
  let signIns = SignInLimit()
  let activity = Activity()
  let metrics: MetricsSource
  let addresses: AddressLimit
  let rateLimiter: RateLimiter

  init(_ configuration: HTTPConfiguration) {
    addresses = AddressLimit(configuration.maxConnectionsPerAddress)
    rateLimiter = RateLimiter(standard: configuration.rateLimit)
    sessions = SessionStore(configuration.sessions)
    metrics = MetricsSource(registry: configuration.metrics)
  }
}
