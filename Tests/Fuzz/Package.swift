// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// Built by fuzz.sh, which has the engine's modules instrumented (STOCK_FUZZ in the engine's package).
let package = Package(
  name: "fuzz",
  dependencies: [
    .package(name: "stock", path: "../.."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // What is tried with an input. The ordinary tests have the same, for the corpus.
    .target(
      name: "Bodies",
      dependencies: [
        .product(name: "StockCore", package: "stock"),
        .product(name: "StockLoop", package: "stock"),
        .product(name: "StockRedis", package: "stock"),
        .product(name: "StockEngine", package: "stock"),
        .product(name: "StockHTTP", package: "stock"),
        .product(name: "StockAccess", package: "stock"),
        .product(name: "StockTools", package: "stock"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Bodies",
      swiftSettings: settings),
    .target(name: "CLibFuzzer", path: "CLibFuzzer"),
    .executableTarget(
      name: "stock-fuzz", dependencies: ["Bodies", "CLibFuzzer"], path: "Driver",
      swiftSettings: settings, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)
