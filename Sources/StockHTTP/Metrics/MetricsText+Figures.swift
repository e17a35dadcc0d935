import NIOHTTP1
import StockCore
import StockEngine

extension MetricsText {
  /// A histogram's samples.
  ///
  /// - Parameter scale: what the counted values are multiplied with: 1e-6 makes seconds of
  ///   microseconds.
  mutating func samples(_ name: String, _ labels: Labels, _ buckets: Buckets, scale: Double) {
    var total = 0
    for (place, count) in buckets.counts.enumerated() {
      total += count
      let bound = buckets.bound(place).map { Self.number(Double($0) * scale) } ?? "+Inf"
      sample(name + "_bucket", labels + [("le", bound)], total)
    }
    sample(name + "_sum", labels, Double(buckets.sum) * scale)
    sample(name + "_count", labels, total)
  }

  /// Without the noise of binary fractions: 0.000064, not 6.4e-05.
  private static func number(_ value: Double) -> String {
    if value >= 1, value == value.rounded() { return String(Int(value)) }
    let millionths = Int((value * 1_000_000).rounded())
    var fraction = String(millionths % 1_000_000)
    fraction = String(repeating: "0", count: 6 - fraction.count) + fraction
    while fraction.hasSuffix("0"), fraction.count > 1 { fraction.removeLast() }
    return "\(millionths / 1_000_000).\(fraction)"
  }

  mutating func append(_ figures: FrontFigures) {
    let counts = figures.counts
    begin("stock_http_requests_total", .counter, "Requests answered, by route and status.")
    for endpoint in Endpoint.allCases {
      for (place, status) in FrontCounts.statuses.enumerated() {
        let count = counts.requests[endpoint.rawValue * FrontCounts.statuses.count + place]
        guard count > 0 else { continue }
        sample(
          "stock_http_requests_total",
          endpoint.labels + [("status", status == 0 ? "other" : String(status))], count)
      }
    }
    begin(
      "stock_http_request_seconds", .histogram,
      "From a request's header to its response's bytes, by route.")
    for endpoint in Endpoint.allCases where counts.latencies[endpoint.rawValue].total > 0 {
      samples(
        "stock_http_request_seconds", endpoint.labels, counts.latencies[endpoint.rawValue],
        scale: 1e-6)
    }
    begin("stock_http_refused_total", .counter, "Requests refused, by the code in the answer.")
    for code in ProblemCode.allCases {
      sample(
        "stock_http_refused_total", [("code", "\(code.name)")], counts.refusals[code.rawValue])
    }
    single("stock_batch_lines_total", .counter, "Lines of batches answered.", counts.lines)
    begin(
      "stock_batch_lines_refused_total", .counter,
      "Those of them that were refused, by the code in their answer.")
    for code in ProblemCode.allCases {
      sample(
        "stock_batch_lines_refused_total", [("code", "\(code.name)")],
        counts.lineRefusals[code.rawValue])
    }
    single(
      "stock_http_connections", .gauge, "Open connections of clients.", figures.connections)
    single(
      "stock_http_connections_total", .counter, "Connections accepted.", counts.accepted)
    single(
      "stock_http_turned_away_total", .counter,
      "Connections answered 503: too many, or the engine was stopping.", counts.turnedAway)
    single(
      "stock_http_requests_under_way", .gauge,
      "Requests taken and not answered; a batch counts by its bytes. From \(Admission.busy) on some are refused.",
      figures.requestsUnderWay)
    single(
      "stock_http_event_readers", .gauge, "Clients that read events.", figures.eventReaders)
    single(
      "stock_http_cold_requests", .gauge, "Lists and checks under way.", figures.coldRequests)
    single(
      "stock_http_body_bytes", .gauge, "Bytes of bodies that have not arrived in full.",
      figures.bodyBytesHeld)
    single(
      "stock_http_unsent_bytes", .gauge, "Bytes of answers that clients have not read.",
      figures.unsentBytes)
  }

  mutating func append(_ figures: EngineFigures) {
    let commits = figures.commits
    begin("stock_commit_movements", .histogram, "Movements in a batch.")
    samples("stock_commit_movements", [], commits.batchSizes, scale: 1)
    begin("stock_commit_seconds", .histogram, "From a batch's way to Redis to its reply.")
    samples("stock_commit_seconds", [], commits.times, scale: 1e-6)
    single(
      "stock_expired_holds_total", .counter, "Reservations that expired.", commits.expiries)
    begin("stock_redis_errors_total", .counter, "What went wrong with Redis, by kind.")
    for trouble in RedisTrouble.allCases {
      sample(
        "stock_redis_errors_total", [("kind", trouble.name)], commits.troubles[trouble.rawValue])
    }
    shards(figures.shards, "stock_shard_serving", .gauge, "1: the shard takes changes.") {
      $0.isServing ? 1 : 0
    }
    shards(
      figures.shards, "stock_shard_ended", .gauge,
      "1: the shard has stopped for good: another engine owns it, or people must look."
    ) { $0.hasEnded ? 1 : 0 }
    shards(
      figures.shards, "stock_shard_batches_total", .counter,
      "Batches that Redis has taken, since the namespace was made."
    ) { Int($0.sequence) }
    shards(
      figures.shards, "stock_shard_movements_total", .counter,
      "Movements in the ledger, since the namespace was made."
    ) { Int($0.movements) }
    shards(figures.shards, "stock_shard_products", .gauge, "Products.") { $0.products }
    shards(figures.shards, "stock_shard_entries", .gauge, "Entries.") { $0.entries }
    shards(
      figures.shards, "stock_shard_open_holds", .gauge, "Reservations under way, by home shard."
    ) { $0.openHolds }
    shards(
      figures.shards, "stock_shard_hold_records", .gauge,
      "Records of reservations and their parts, the ended ones too that are remembered."
    ) { $0.holdRecords }
    shards(
      figures.shards, "stock_shard_idempotency_records", .gauge, "Idempotency keys kept."
    ) { $0.idempotencyRecords }
    shards(
      figures.shards, "stock_shard_queue_depth", .gauge, "Commands that wait for their answer."
    ) { $0.waiting }
    begin(
      "stock_shard_commit_lag_seconds", .gauge,
      "Age of the oldest change that Redis has not taken; 0: there is none.")
    for shard in figures.shards {
      sample(
        "stock_shard_commit_lag_seconds", [("shard", "\(shard.shard)")],
        Double(shard.commitLag) / 1_000)
    }
    if let areRight = figures.areSettingsRight {
      single(
        "stock_redis_settings_ok", .gauge,
        "1: Redis is set to keep what it is given (appendonly, appendfsync, maxmemory-policy).",
        areRight ? 1 : 0)
    }
    if let redis = figures.redis { append(redis) }
  }

  /// What Redis said of itself when `/metrics` was read the time before.
  mutating func append(_ redis: RedisFigures) {
    single(
      "stock_redis_up", .gauge, "1: Redis answered INFO, at the scrape before this one.",
      redis.isConnected ? 1 : 0)
    func gauge(_ name: String, _ help: String, _ value: Int?, _ kind: Kind = .gauge) {
      if let value { single(name, kind, help, value) }
    }
    func flag(_ name: String, _ help: String, _ value: Bool?) {
      gauge(name, help, value.map { $0 ? 1 : 0 })
    }
    gauge("stock_redis_memory_bytes", "Memory that Redis uses for data.", redis.usedBytes)
    gauge("stock_redis_resident_bytes", "Memory of Redis's process.", redis.residentBytes)
    gauge("stock_redis_memory_limit_bytes", "maxmemory; 0: no bound.", redis.maxBytes)
    gauge("stock_redis_clients", "Connections to Redis.", redis.clients)
    flag("stock_redis_loading", "1: Redis reads its files, and takes nothing.", redis.isLoading)
    flag(
      "stock_redis_file_ok", "1: the last write of the append-only file worked.",
      redis.isFileWritten)
    flag(
      "stock_redis_file_rewrite_ok", "1: the last rewriting of the append-only file worked.",
      redis.isFileRewritten)
    flag(
      "stock_redis_file_rewriting", "1: the append-only file is being rewritten.",
      redis.isRewritingFile)
    gauge("stock_redis_file_bytes", "Size of the append-only file.", redis.fileBytes)
    gauge(
      "stock_redis_delayed_fsyncs_total",
      "Writes that waited because the disk had not finished the fsync before.",
      redis.delayedFsyncs, .counter)
  }

  private mutating func shards(
    _ shards: [ShardFigures], _ name: String, _ kind: Kind, _ help: String,
    _ value: (ShardFigures) -> Int
  ) {
    begin(name, kind, help)
    for shard in shards { sample(name, [("shard", "\(shard.shard)")], value(shard)) }
  }

  mutating func append(_ figures: ProcessFigures) {
    if let bytes = figures.residentBytes {
      single("process_resident_memory_bytes", .gauge, "Memory of the engine.", bytes)
    }
    if let seconds = figures.cpuSeconds {
      single("process_cpu_seconds_total", .counter, "CPU time of the engine.", seconds)
    }
    if let open = figures.openFiles {
      single("process_open_fds", .gauge, "Open files and connections.", open)
    }
    if let most = figures.maxFiles {
      single("process_max_fds", .gauge, "As many as the engine may open.", most)
    }
    if let start = figures.startSeconds {
      single(
        "process_start_time_seconds", .gauge, "When the engine started, in seconds since 1970.",
        start)
    }
  }
}

extension Endpoint {
  /// What it is called in metrics and logs: the method and path of its first route.
  var labels: MetricsText.Labels { [("method", route.method), ("route", route.path)] }

  var route: (method: String, path: String) {
    guard let row = RouteTable.rows.first(where: { $0.endpoint == self }) else {
      return ("", "none")
    }
    return (row.method.rawValue, "\(row.path)")
  }
}
