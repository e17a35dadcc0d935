extension BenchReport {
  /// Tables for people.
  public var text: String {
    var lines = [header, ""]
    var table = TextTable(
      ["", "requests", "a second", "p50", "p90", "p99", "p99.9", "p99.99", "max"],
      numeric: [1, 2, 3, 4, 5, 6, 7, 8])
    if kinds.count > 1 || kinds.first?.refused ?? 0 == 0 || kinds.first?.accepted ?? 0 == 0 {
      table.add(row("all", requests, load.seconds, latency))
    }
    for kind in kinds {
      if kind.accepted > 0, kinds.count > 1 || kind.refused > 0 {
        table.add(row(kind.name, kind.accepted, kind.seconds, kind.acceptedLatency))
      }
      if kind.refused > 0 {
        table.add(row("\(kind.name), refused", kind.refused, kind.seconds, kind.refusedLatency))
      }
    }
    lines.append(table.text)
    lines.append("")
    lines.append("latencies in µs, from when a request was \(load.rate == nil ? "sent" : "due")")
    if operations != requests {
      lines.append(
        "operations       \(operations.grouped), \(Int(operationsPerSecond).grouped)/s")
    }
    for (code, count) in refused.sorted(by: { $0.value > $1.value }) {
      lines.append("refused          \(count.grouped) \(code)")
    }
    if errors > 0 {
      lines.append("errors           \(errors.grouped), the first: \(firstError ?? "?")")
    }
    if load.rate != nil { lines.append("never sent       \(neverSent.grouped)") }
    lines.append("CPU a request    \(processorTimes)")
    if let lists {
      lines.append(
        "lists            \(lists.requests.grouped) in \(lists.seconds.tenth) s: \(lists.latency)")
      for path in lists.missing { lines.append("lists, missing   \(path)") }
      for (what, count) in lists.refused.sorted(by: { $0.key < $1.key }) {
        lines.append("lists, refused   \(count.grouped) \(what)")
      }
    }
    if let failure { lines.append("ended early      \(failure)") }
    lines += booksText
    return lines.joined(separator: "\n")
  }

  private var header: String {
    var text = "\(scenario): "
    text +=
      load.rate.map {
        "open loop, \(Int($0).grouped)/s\(load.isPoisson ? " at random times" : "")"
      } ?? "closed loop"
    text += ", \(load.connections) connections"
    if load.pipeline > 1 { text += ", \(load.pipeline) requests under way on each" }
    if load.threads > 1 { text += ", \(load.threads) threads" }
    if let options {
      text += ", \(options.products.grouped) product\(options.products == 1 ? "" : "s")"
    }
    return text + ", \(load.seconds) s after \(load.warmup) s of warm-up"
  }

  private var processorTimes: String {
    func words(_ time: Double?, _ name: String) -> String {
      "\(name) \(time.map { "\($0) µs" } ?? "not known")"
    }
    return [
      words(generatorTime, "generator"), words(engineTime, options == nil ? "server" : "engine"),
      words(redisTime, "Redis"),
    ].joined(separator: ", ")
  }

  private var booksText: [String] {
    guard let books else { return [] }
    guard !books.differences.isEmpty else {
      return [
        "books: right (\(books.checked.grouped) product\(books.checked == 1 ? "" : "s") counted)"
      ]
    }
    var lines = [
      "books: WRONG for \(books.differences.count.grouped) of \(books.checked.grouped) products"
    ]
    lines += books.differences.prefix(10).map { "  \($0)" }
    if books.differences.count > 10 { lines.append("  …") }
    return lines
  }

  private func row(
    _ name: String, _ requests: Int, _ seconds: Double, _ latency: Latencies?
  ) -> [String] {
    func text(_ value: UInt64?) -> String { value.map(\.grouped) ?? "-" }
    return [
      name, requests.grouped,
      seconds > 0 ? Int((Double(requests) / seconds).rounded()).grouped : "-", text(latency?.p50),
      text(latency?.p90), text(latency?.p99), text(latency?.p999), text(latency?.p9999),
      text(latency?.max),
    ]
  }
}
