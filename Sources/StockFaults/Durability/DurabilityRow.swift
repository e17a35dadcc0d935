/// One line of the table: what the engine promises, and what is done to it.
public struct DurabilityRow: Sendable {
  public enum Fault: String, Sendable {
    case engineKilled = "engine killed"
    case redisKilled = "redis-server killed"
    case bothKilled = "both killed at once"
    /// Both are killed and the log is cut to what had been fsynced.
    case powerLost = "host loses power"
    /// Primary and engine are gone for good; the replica is promoted.
    case primaryLost = "primary's host lost, replica promoted"
    /// All are killed and both logs are cut; the replica is promoted.
    case allPowerLost = "both hosts lose power, replica promoted"
  }

  public var mode: String
  public var fault: Fault
  /// Every fsync takes this much longer.
  public var slowDisk: Duration?

  var isReplicated: Bool { mode.hasPrefix("replicas") }

  static let all: [DurabilityRow] = {
    let single: [Fault] = [.engineKilled, .redisKilled, .bothKilled, .powerLost]
    let slow = Duration.milliseconds(1_500)
    var rows = ["everysec", "always"].flatMap { mode in
      single.map { DurabilityRow(mode: mode, fault: $0) }
    }
    rows += [Fault.redisKilled, .bothKilled, .powerLost].map {
      DurabilityRow(mode: "everysec", fault: $0, slowDisk: slow)
    }
    rows += (single + [.primaryLost, .allPowerLost]).map {
      DurabilityRow(mode: "replicas:1", fault: $0)
    }
    return rows
  }()

  var name: String {
    "\(mode), \(fault.rawValue)\(slowDisk.map { ", fsync takes \($0.short)" } ?? "")"
  }
}
