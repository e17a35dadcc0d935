import StockCore
import StockEngine

extension ByteWriter {
  mutating func append(_ store: Store) {
    append("{\"id\":")
    append(store.id)
    append(",\"name\":")
    append(json: store.name)
    append(",\"location_priority\":[")
    for (index, location) in store.locationPriority.enumerated() {
      if index > 0 { append(UInt8(ascii: ",")) }
      append(json: location)
    }
    append("],\"allocation_strategy\":")
    append(json: store.allocationStrategy.rawValue)
    append(",\"created_at\":")
    appendTime(store.createdAt)
    append(",\"updated_at\":")
    appendTime(store.updatedAt)
    append("}")
  }

  /// - Parameters:
  ///   - lastUse: nil: it was never used.
  ///   - token: shown once, when the key is made.
  mutating func append(_ key: APIKey, lastUse: Timestamp? = nil, token: String? = nil) {
    append("{\"id\":")
    append(key.id)
    append(",\"role\":")
    append(json: key.role.rawValue)
    append(",\"store_id\":")
    if let store = key.store { append(store) } else { append("null") }
    append(",\"name\":")
    append(json: key.name)
    append(",\"created_at\":")
    appendTime(key.createdAt)
    append(",\"expires_at\":")
    appendTime(key.expiresAt)
    append(",\"rate_limit\":")
    if let limit = key.rateLimit { append(Int64(limit.rate)) } else { append("null") }
    append(",\"rate_burst\":")
    if let limit = key.rateLimit { append(Int64(limit.burst)) } else { append("null") }
    append(",\"last_used_at\":")
    appendTime(lastUse)
    if let token {
      append(",\"key\":")
      append(json: token)
    }
    append("}")
  }

  /// The end of a list, behind its items.
  mutating func endList(total: Int, limit: Int, next: String?) {
    append("],\"total\":")
    append(Int64(total))
    append(",\"limit\":")
    append(Int64(limit))
    append(",\"next_cursor\":")
    if let next { append(json: next) } else { append("null") }
    append("}")
  }

  /// - Parameter isRepaired: it was asked for: then it says what was written.
  mutating func append(_ report: VerifyReport, isRepaired: Bool) {
    append("{\"difference_count\":")
    append(Int64(report.differenceCount))
    if isRepaired {
      append(",\"repaired_count\":")
      append(Int64(report.repairedCount))
    }
    append(",\"shards\":[")
    for (index, shard) in report.shards.enumerated() {
      append(index == 0 ? "{\"shard\":" : ",{\"shard\":")
      append(Int64(shard.shard))
      append(",\"products\":")
      append(Int64(shard.products))
      append(",\"entries\":")
      append(Int64(shard.entries))
      append(",\"difference_count\":")
      append(Int64(shard.differenceCount))
      if isRepaired {
        append(",\"repaired_count\":")
        append(Int64(shard.repairedCount))
      }
      append(differences: shard.differences)
      append("}")
    }
    append("],\"control\":{\"difference_count\":")
    append(Int64(report.control.differences.count))
    if isRepaired {
      append(",\"repaired_count\":")
      append(Int64(report.control.repairedCount))
    }
    append(differences: Array(report.control.differences.prefix(100)))
    append("}}")
  }

  private mutating func append(differences: [String]) {
    append(",\"differences\":[")
    for (place, difference) in differences.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      append(json: difference)
    }
    append("]")
  }

  mutating func append(_ health: EngineHealth) {
    append(health.isServing ? "{\"status\":\"ready\"" : "{\"status\":\"not_ready\"")
    append(",\"shards\":[")
    for (index, shard) in health.shards.enumerated() {
      append(index == 0 ? "{\"shard\":" : ",{\"shard\":")
      append(Int64(shard.shard))
      append(",\"serving\":")
      append(shard.isServing)
      append(",\"state\":")
      append(json: shard.state)
      append(",\"sequence\":")
      append(shard.sequence)
      append(",\"products\":")
      append(Int64(shard.products))
      append(",\"entries\":")
      append(Int64(shard.entries))
      append("}")
    }
    append("]}")
  }
}
