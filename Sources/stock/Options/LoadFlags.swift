import ArgumentParser
import StockTools

/// How `stock bench` loads a server.
struct LoadFlags: ParsableArguments {
  @Option(help: "Connections, kept open.")
  var connections = 128

  @Option(
    help: ArgumentHelp(
      "Requests a second, due at fixed times (default: as many as it takes).",
      valueName: "number"))
  var rate: Double?

  @Flag(help: "With --rate: at random times instead of even ones.")
  var poisson = false

  @Option(help: "Seconds that are measured.")
  var seconds = 10.0

  @Option(help: "Seconds of load before.")
  var warmup = 2.0

  @Option(help: "Threads that make the load.")
  var threads = 1

  @Option(help: "Requests under way on one connection.")
  var pipeline = 1

  @Option(help: "For everything that is drawn at random.")
  var seed: UInt64 = 1

  @Option(
    name: .customLong("engine-pid"),
    help: ArgumentHelp(
      "A process whose CPU time counts as the engine's; may be given more than once.",
      valueName: "pid"))
  var enginePIDs: [Int32] = []

  @Option(
    name: .customLong("redis-pid"),
    help: ArgumentHelp("The same for Redis.", valueName: "pid"))
  var redisPIDs: [Int32] = []

  func validate() throws {
    guard (1...10_000).contains(connections) else {
      throw ValidationError("--connections must be 1 to 10000")
    }
    guard (1...64).contains(threads), threads <= connections else {
      throw ValidationError("--threads must be 1 to 64, and no more than --connections")
    }
    guard (1...1_024).contains(pipeline) else {
      throw ValidationError("--pipeline must be 1 to 1024")
    }
    if let rate, !(0.1...100_000_000).contains(rate) {
      throw ValidationError("--rate must be 0.1 to 100000000")
    }
    guard rate != nil || !poisson else { throw ValidationError("--poisson needs --rate") }
    guard (0.1...86_400).contains(seconds), (0...3_600).contains(warmup) else {
      throw ValidationError("--seconds must be 0.1 to 86400, --warmup 0 to 3600")
    }
  }

  var options: LoadOptions {
    var options = LoadOptions()
    options.connections = connections
    options.rate = rate
    options.isPoisson = poisson
    options.seconds = seconds
    options.warmup = warmup
    options.threads = threads
    options.pipeline = pipeline
    options.seed = seed
    options.enginePIDs = enginePIDs
    options.redisPIDs = redisPIDs
    return options
  }
}

/// `stock bench --constant`: the same request to a server of any kind.
struct ConstantFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Send one request again and again to this server, which need not be an engine; "
        + "a path in it replaces that of a reserve.",
      valueName: "url"))
  var constant: String?

  @Option(help: "The method of that request.")
  var method = "POST"

  @Option(
    help: ArgumentHelp("Its body (default: with POST, that of a reserve).", valueName: "text"))
  var body: String?

  func run(_ target: String, key: String?, options: LoadOptions) async throws -> BenchReport {
    // What stands behind the authority is the path.
    let parts = target.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3 else {
      throw ValidationError("--constant must be http://HOST:PORT[/path]")
    }
    let path = parts.count > 3 && !parts[3].isEmpty ? "/\(parts[3])" : nil
    return try await ConstantRunner(
      url: EngineURL(parts[..<3].joined(separator: "/")), method: method, path: path, body: body,
      key: key, options: options
    ).run()
  }
}
