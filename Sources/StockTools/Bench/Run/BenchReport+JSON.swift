import Foundation

extension BenchReport {
  /// One JSON object, as scripts read it; what is not known is null.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
  }

  /// "right", "not checked" or "wrong: …".
  public var booksInWords: String {
    guard let books else { return "not checked" }
    guard let first = books.differences.first else { return "right" }
    let more = books.differences.count - 1
    return "wrong: \(first)" + (more > 0 ? " (and \(more.grouped) more)" : "")
  }

  private struct Document: Encodable {
    let report: BenchReport

    init(_ report: BenchReport) { self.report = report }

    enum Key: String, CodingKey {
      case scenario, mode, connections, threads, pipeline, rate, seconds, seed, products, requests
      case operations, accepted, refused, errors, failure, books, lists
      case warmupSeconds = "warmup_seconds"
      case requestsPerSecond = "requests_per_second"
      case operationsPerSecond = "operations_per_second"
      case latency = "latency_us"
      case processorTime = "cpu_us_per_request"
      case startedAt = "started_at"
      case neverSent = "never_sent"
      case kinds = "by_kind"
    }

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Key.self)
      try object.encode(report.scenario, forKey: .scenario)
      try object.encode(report.load.rate == nil ? "closed" : "open", forKey: .mode)
      try object.encode(report.load.connections, forKey: .connections)
      try object.encode(report.load.threads, forKey: .threads)
      try object.encode(report.load.pipeline, forKey: .pipeline)
      try object.encode(report.load.rate, forKey: .rate)
      try object.encode(report.load.seconds, forKey: .seconds)
      try object.encode(report.load.warmup, forKey: .warmupSeconds)
      try object.encode(report.load.seed, forKey: .seed)
      try object.encode(report.options?.products, forKey: .products)
      try object.encode(report.requests, forKey: .requests)
      try object.encode(report.operations, forKey: .operations)
      try object.encode(report.accepted, forKey: .accepted)
      try object.encode(report.refused, forKey: .refused)
      try object.encode(report.errors, forKey: .errors)
      try object.encode(report.failure, forKey: .failure)
      try object.encode(report.neverSent, forKey: .neverSent)
      try object.encode(report.requestsPerSecond.tenth, forKey: .requestsPerSecond)
      try object.encode(report.operationsPerSecond.tenth, forKey: .operationsPerSecond)
      try object.encode(report.latency.map(LatencyDocument.init), forKey: .latency)
      try object.encode(
        ProcessorTimes(
          generator: report.generatorTime, engine: report.engineTime, redis: report.redisTime),
        forKey: .processorTime)
      try object.encode(report.booksInWords, forKey: .books)
      try object.encode(report.startedAt.formatted(.iso8601), forKey: .startedAt)
      try object.encode(
        Dictionary(
          report.kinds.map { ($0.name, KindDocument(kind: $0)) }, uniquingKeysWith: { $1 }),
        forKey: .kinds)
      if let lists = report.lists { try object.encode(ListsDocument(lists: lists), forKey: .lists) }
    }
  }

  private struct LatencyDocument: Encodable {
    let latencies: Latencies

    init(_ latencies: Latencies) { self.latencies = latencies }

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Name.self)
      try object.encode(latencies.min, forKey: "min")
      try object.encode(latencies.mean, forKey: "mean")
      for (name, value) in [
        ("p50", latencies.p50), ("p90", latencies.p90), ("p99", latencies.p99),
        ("p99_9", latencies.p999), ("p99_99", latencies.p9999), ("max", latencies.max),
      ] {
        try object.encode(value, forKey: Name(name))
      }
    }
  }

  private struct ProcessorTimes: Encodable {
    var generator: Double?
    var engine: Double?
    var redis: Double?

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Name.self)
      try object.encode(generator, forKey: "generator")
      try object.encode(engine, forKey: "engine")
      try object.encode(redis, forKey: "redis")
    }
  }

  private struct KindDocument: Encodable {
    let kind: Kind

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Name.self)
      try object.encode(kind.requests, forKey: "requests")
      try object.encode(kind.operations, forKey: "operations")
      try object.encode(kind.accepted, forKey: "accepted")
      try object.encode(kind.refused, forKey: "refused")
      try object.encode(kind.seconds.tenth, forKey: "seconds")
      try object.encode(
        kind.seconds > 0 ? (Double(kind.requests) / kind.seconds).tenth : nil,
        forKey: "requests_per_second")
      try object.encode(
        kind.acceptedLatency.map(LatencyDocument.init), forKey: "accepted_latency_us")
      try object.encode(
        kind.refusedLatency.map(LatencyDocument.init), forKey: "refused_latency_us")
    }
  }

  private struct ListsDocument: Encodable {
    let lists: Lists

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Name.self)
      try object.encode(lists.requests, forKey: "requests")
      try object.encode(lists.seconds.tenth, forKey: "seconds")
      try object.encode(lists.refused, forKey: "refused")
      try object.encode(lists.missing, forKey: "missing")
      try object.encode(lists.latency, forKey: "latency")
    }
  }

  private struct Name: CodingKey, ExpressibleByStringLiteral {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringLiteral name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension Double {
  /// To one digit behind the point.
  var tenth: Double { (self * 10).rounded() / 10 }
}
