import Benchmark
import Operations

/// Times of the operations, in this process and on one core. `make bench-micro` runs them, one a process.
let benchmarks: @Sendable () -> Void = {
  for named in MicroOperations.all {
    let warmUp = Scale.times.warmUpRounds
    Benchmark(
      named.name,
      configuration: .init(
        metrics: [.wallClock],
        warmupIterations: min(warmUp, named.maxRounds / 3),
        // A round is a thousand operations, and figures are for one.
        scalingFactor: .kilo,
        maxDuration: .seconds(3),
        maxIterations: min(20_000, named.maxRounds - named.maxRounds / 3))
    ) { benchmark, operation in
      operation.prepare()
      benchmark.startMeasurement()
      operation.measured()
      benchmark.stopMeasurement()
      operation.finish()
    } setup: {
      named.make(.times)
    }
  }
}
