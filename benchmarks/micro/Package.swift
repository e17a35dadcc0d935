// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let embedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")

let package = Package(
  name: "micro",
  dependencies: [
    .package(name: "stock", path: "../.."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // Repeats, percentiles, tables. Without its interposers, which change what is measured.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    // The operations themselves, each once, for both ways of measuring.
    .target(
      name: "Operations",
      dependencies: [
        .product(name: "StockCore", package: "stock"),
        .product(name: "StockRedis", package: "stock"),
        .product(name: "StockEngine", package: "stock"),
        .product(name: "StockHTTP", package: "stock"),
        nio, embedded,
      ],
      swiftSettings: settings),
    // Runs one operation so many times, for callgrind.
    .executableTarget(
      name: "stock-count", dependencies: ["Operations", "CCallgrind"], swiftSettings: settings),
    .target(name: "CCallgrind"),
    .executableTarget(
      name: "Micro",
      dependencies: ["Operations", .product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/Micro",
      swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
