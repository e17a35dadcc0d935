import NIOCore
public import StockCore

/// How an engine is, in numbers: gathered from its loops when somebody asks.
public struct EngineFigures: Sendable {
  /// Of all loops together.
  public var commits: CommitCounts
  public var shards: [ShardFigures]
  /// What Redis said of itself when it was asked last, by the look before; nil: it was not asked yet.
  public var redis: RedisFigures?
  /// Redis is set to keep what it is given; nil: it does not say.
  public var areSettingsRight: Bool?

  public init(
    commits: CommitCounts = CommitCounts(), shards: [ShardFigures] = [],
    redis: RedisFigures? = nil, areSettingsRight: Bool? = nil
  ) {
    self.areSettingsRight = areSettingsRight
    self.redis = redis
    self.commits = commits
    self.shards = shards
  }
}

extension Engine {
  /// An engine that counts nothing.
  public func figures() async -> EngineFigures { EngineFigures() }
}

extension ShardedEngine {
  public func figures() async -> EngineFigures {
    var figures = EngineFigures()
    for bound in engineLoops {
      let (commits, shards) =
        (try? await bound.eventLoop.submit { bound.value.figures() }.get()) ?? (CommitCounts(), [])
      figures.commits.add(commits)
      figures.shards += shards
    }
    figures.shards.sort { $0.shard < $1.shard }
    figures.redis = redisWatch.look()
    figures.areSettingsRight = settingsWatch.isRight
    return figures
  }
}

extension EngineLoop {
  func figures() -> (commits: CommitCounts, shards: [ShardFigures]) {
    let now = shared.clock.now()
    return (
      link?.counts ?? CommitCounts(), shards.map { $0.assumeIsolated { $0.figures(now: now) } }
    )
  }
}
