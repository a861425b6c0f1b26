// swift-tools-version: 6.2
// Benchmarks of the kernels: a package of its own, so that the product has neither their code nor
// what they depend on.
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "emend-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "emend", path: "../..", traits: []),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .target(name: "CLimits"),
    .target(
      name: "KernelWorkloads",
      dependencies: ["CLimits", .product(name: "EmendKernels", package: "emend")],
      swiftSettings: strict),
    .executableTarget(
      name: "kernel-limits",
      dependencies: [
        "KernelWorkloads", .product(name: "EmendLanguageModels", package: "emend"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "Kernels",
      dependencies: ["KernelWorkloads", .product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/Kernels", swiftSettings: strict,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
