// swift-tools-version: 6.2
import PackageDescription

var settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
// A program that the build itself runs.
let toolSettings = settings
// Tests/Fuzz/fuzz.sh: coverage in our modules, not in those we depend on.
if Context.environment["STOCK_FUZZ"] == "1" {
  settings.append(.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"]))
}

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(
  name: "NIOConcurrencyHelpers", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")

let package = Package(
  name: "stock",
  products: [
    .executable(name: "stock", targets: ["stock"]),
    .library(name: "StockCore", targets: ["StockCore"]),
    // For benchmarks/micro and Tests/Fuzz, which are packages of their own.
    .library(name: "StockLoop", targets: ["StockLoop"]),
    .library(name: "StockRedis", targets: ["StockRedis"]),
    .library(name: "StockEngine", targets: ["StockEngine"]),
    .library(name: "StockHTTP", targets: ["StockHTTP"]),
    .library(name: "StockAccess", targets: ["StockAccess"]),
    .library(name: "StockTools", targets: ["StockTools"]),
  ],
  dependencies: [
    // Event loops, channels, HTTP/1.1 decoding (ADR 0002).
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // Command line: flags, help, completions.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Flags, environment and config file read as one.
    .package(
      url: "https://github.com/apple/swift-configuration", from: "1.4.0",
      traits: [.defaults]),
    // The logging interface that Swift servers share.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // The metrics interface that Swift servers share (ADR 22).
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    // SHA-256 of keys.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    // Tokens that others sign (docs/security.md).
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    // TLS (docs/security.md).
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    // Start and stop in order, on signals.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Latency percentiles of import and replay.
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    // Tests only: certificates of their own.
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    // Tests only: the OpenAPI document.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "StockCore", swiftSettings: settings),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    // epoll and timerfd, which Swift's Glibc leaves out.
    .systemLibrary(name: "CEpoll"),
    // The engine's event loops and sockets (ADR 26).
    .target(
      name: "StockLoop", dependencies: ["CEpoll", nio, nioConcurrency], swiftSettings: settings),
    .target(
      name: "StockRedis",
      dependencies: ["StockCore", "StockLoop", "CHiredis", nio, nioConcurrency, logging],
      resources: [.embedInCode("Scripts")],
      swiftSettings: settings),
    .target(
      name: "StockEngine",
      dependencies: [
        "StockCore", "StockLoop", "StockRedis", nio, nioConcurrency, logging, metrics,
      ],
      swiftSettings: settings),
    .target(
      name: "StockHTTP",
      dependencies: [
        "StockCore", "StockLoop", "StockEngine", nio, nioHTTP1, nioEmbedded, nioConcurrency,
        logging, metrics,
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      exclude: ["Page/Web"],
      swiftSettings: settings,
      plugins: ["EmbedTexts"]),
    // The web page and the contract, as they lie in the repository, become part of StockHTTP.
    .plugin(name: "EmbedTexts", capability: .buildTool(), dependencies: ["embed-texts"]),
    .executableTarget(name: "embed-texts", swiftSettings: toolSettings),
    // Who may come in, where a key is not enough: tokens of others, and TLS.
    .target(
      name: "StockAccess",
      dependencies: [
        "StockCore", "StockHTTP", nio, nioPosix, nioConcurrency, logging,
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .target(
      name: "StockTools",
      dependencies: [
        "StockCore", "StockLoop", "CEpoll", nio, nioPosix, nioHTTP1, logging,
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "stock",
      dependencies: [
        "StockCore", "StockLoop", "StockRedis", "StockEngine", "StockHTTP", "StockAccess",
        "StockTools", "StockProcesses", nio, nioHTTP1, nioConcurrency, logging, metrics,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),
    .target(
      name: "StockProcesses", dependencies: ["StockRedis", "StockTools"], swiftSettings: settings),
    .target(
      name: "StockFaults",
      dependencies: [
        "StockCore", "StockLoop", "StockRedis", "StockTools", "StockProcesses", "StockTestKit", nio,
        nioPosix,
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "stock-faults",
      dependencies: [
        "StockFaults", "StockProcesses",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .target(name: "StockTestKit", dependencies: ["StockCore"], swiftSettings: settings),
    .executableTarget(
      name: "stock-simulate",
      dependencies: [
        "StockCore", "StockTestKit",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "StockCoreTests", dependencies: ["StockCore", "StockTestKit"], swiftSettings: settings),
    .testTarget(
      name: "StockLoopTests", dependencies: ["StockLoop", nio, nioConcurrency],
      swiftSettings: settings),
    .testTarget(
      name: "StockRedisTests",
      dependencies: ["StockCore", "StockLoop", "StockRedis", "StockTestKit", nio, nioPosix],
      swiftSettings: settings),
    .testTarget(
      name: "StockEngineTests",
      dependencies: [
        "StockCore", "StockLoop", "StockRedis", "StockEngine", "StockFaults", "StockTestKit", nio,
        logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "StockHTTPTests",
      dependencies: [
        "StockCore", "StockLoop", "StockEngine", "StockHTTP", "StockTestKit", nio, nioPosix,
        nioHTTP1, nioEmbedded, nioConcurrency, logging,
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "StockAccessTests",
      dependencies: [
        "stock", "StockCore", "StockEngine", "StockHTTP", "StockAccess", "StockRedis",
        "StockTools", "StockProcesses", "StockFaults", nio, nioPosix, nioConcurrency, logging,
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "StockToolTests",
      dependencies: [
        "StockCore", "StockTools", nio, nioPosix, nioHTTP1, logging,
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),
    // The fuzzers' inputs, without a fuzzer.
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "StockCore", "StockLoop", "StockRedis", "StockEngine", "StockHTTP", "StockAccess",
        "StockTools", "StockTestKit", nio, nioHTTP1, nioEmbedded, logging,
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Tests/Fuzz",
      exclude: [
        "CLibFuzzer", "Corpus", "Dictionaries", "Driver", "Package.swift",
        "fuzz.sh",
      ],
      sources: ["Bodies", "CorpusTests"], swiftSettings: settings),
    .testTarget(
      name: "SystemTests",
      // The executable: it is built with the tests, which start it.
      dependencies: [
        "stock", "StockCore", "StockFaults", "StockProcesses", "StockRedis", "StockTestKit",
        "StockTools", nio, nioPosix,
        .product(name: "Yams", package: "Yams"),
      ],
      exclude: ["Fixtures"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
