// swift-tools-version: 6.2
import Foundation
import PackageDescription

// `EMEND_PORTABLE=1 swift build` builds without unsafe flags: only the portable kernels are
// optimised for, so it is slow, but the package can then be used as a versioned dependency.
let portableOnly = ProcessInfo.processInfo.environment["EMEND_PORTABLE"] == "1"

#if arch(x86_64)
  let hasX86Kernels = !portableOnly
#else
  let hasX86Kernels = false
#endif

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The inner loops are one set of sources, compiled once per instruction set (see Sources/Kernels).
func kernels(_ name: String, define: String, flags: [String]) -> Target {
  .target(
    name: name,
    dependencies: ["BlockFormats", "CPlatform", "KernelInterface"],
    swiftSettings: strict + [.define(define)]
      + (portableOnly ? [] : [.unsafeFlags(["-Ounchecked"] + flags.flatMap { ["-Xcc", $0] })]))
}

let x86Kernels: [Target] =
  hasX86Kernels
  ? [
    kernels("KernelsAVX2", define: "KERNELS_AVX2", flags: ["-march=x86-64-v3"]),
    kernels(
      "KernelsAVX512", define: "KERNELS_AVX512", flags: ["-march=x86-64-v4", "-mavx512vnni"]),
    kernels(
      "KernelsAVX512BF16", define: "KERNELS_AVX512",
      flags: ["-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16"]),
  ] : []
let x86Names: [Target.Dependency] = x86Kernels.map { .byName(name: $0.name) }

/// Tests see `package` declarations, so they build with the same flags as the product.
func tests(_ module: String, _ others: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: module + "Tests", dependencies: [.byName(name: module), "TestSupport"] + others,
    swiftSettings: strict)
}

let package = Package(
  name: "emend",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "emend", targets: ["emend"]),
    .library(name: "EmendKernels", targets: ["TensorKernels", "KernelInterface", "BlockFormats"]),
    .library(
      name: "EmendLanguageModels", targets: ["ModelFiles", "LanguageModels", "TextGeneration"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "CPlatform"),
    .systemLibrary(
      name: "CSystemSentencePiece", pkgConfig: "sentencepiece",
      providers: [.apt(["libsentencepiece-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CSentencePiece", dependencies: ["CSystemSentencePiece"]),
    .target(name: "KernelInterface", dependencies: ["BlockFormats"], swiftSettings: strict),
    kernels("KernelsPortable", define: "KERNELS_PORTABLE", flags: []),
    .target(name: "BlockFormats", swiftSettings: strict),
    .target(
      name: "TensorKernels",
      dependencies: ["CPlatform", "KernelInterface", "KernelsPortable", "BlockFormats"] + x86Names,
      swiftSettings: strict + (hasX86Kernels ? [.define("X86_KERNELS")] : [])),
    .target(
      name: "ModelFiles",
      dependencies: ["CPlatform", "CZstd", "BlockFormats", "KernelInterface"],
      swiftSettings: strict),
    .target(
      name: "Tokenization", dependencies: ["CSentencePiece", "ModelFiles"], swiftSettings: strict),
    .target(
      name: "LanguageModels", dependencies: ["TensorKernels", "ModelFiles"], swiftSettings: strict),
    .target(
      name: "Quantization",
      dependencies: [
        "LanguageModels", "Tokenization", "TensorKernels", "KernelInterface", "ModelFiles",
        "BlockFormats", .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(
      name: "LatentEditing",
      dependencies: [
        "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles", "BlockFormats", "CZstd",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(
      name: "EditorTraining",
      dependencies: [
        "LatentEditing", "LanguageModels", "Tokenization", "TensorKernels", "KernelInterface",
        "ModelFiles", "CZstd", .product(name: "Crypto", package: "swift-crypto"), "Yams",
      ], swiftSettings: strict),
    .target(
      name: "TextGeneration", dependencies: ["LanguageModels", "Tokenization"],
      swiftSettings: strict),
    .target(
      name: "EditEvaluation",
      dependencies: [
        "TextGeneration", "EditorTraining", "LatentEditing", "LanguageModels", "Tokenization",
        "ModelFiles",
      ], swiftSettings: strict),
    .executableTarget(
      name: "emend",
      dependencies: [
        "TextGeneration", "EditEvaluation", "EditorTraining", "Quantization", "LatentEditing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/emend", swiftSettings: strict),

    .executableTarget(
      name: "fuzz",
      dependencies: [
        "EditorTraining", "LanguageModels", "LatentEditing", "ModelFiles", "TensorKernels",
        "Tokenization", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/fuzz", swiftSettings: strict),
    .target(
      name: "InstructionRules", dependencies: ["EditorTraining"],
      path: "tools/instruction-set/Rules", swiftSettings: strict),
    .executableTarget(
      name: "instruction-set",
      dependencies: [
        "InstructionRules", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/instruction-set/Command", swiftSettings: strict),
    .target(
      name: "BehaviourRules", dependencies: ["EditorTraining"],
      path: "tools/behaviours/Rules", swiftSettings: strict),
    .executableTarget(
      name: "behaviours",
      dependencies: [
        "BehaviourRules", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/behaviours/Command", swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["TensorKernels"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("BlockFormats"),
    tests("TensorKernels", ["BlockFormats", "KernelInterface"]),
    tests("ModelFiles", ["BlockFormats"]),
    tests("Tokenization", ["ModelFiles"]),
    tests("LanguageModels", ["TensorKernels", "ModelFiles", "Tokenization"]),
    tests(
      "Quantization",
      ["LanguageModels", "Tokenization", "TensorKernels", "BlockFormats", "ModelFiles"]),
    tests(
      "LatentEditing",
      [
        "LanguageModels", "TensorKernels", "ModelFiles", "BlockFormats", "Quantization",
      ]),
    tests(
      "EditorTraining",
      [
        "LatentEditing", "LanguageModels", "TensorKernels", "KernelInterface", "ModelFiles",
        "Tokenization", .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests("TextGeneration", ["LanguageModels", "Tokenization"]),
    tests(
      "EditEvaluation",
      [
        "EditorTraining", "LatentEditing", "LanguageModels", "Tokenization", "TensorKernels",
        "ModelFiles",
      ]),
    .testTarget(
      name: "InstructionRulesTests", dependencies: ["InstructionRules", "EditorTraining"],
      swiftSettings: strict),
    .testTarget(
      name: "BehaviourRulesTests", dependencies: ["BehaviourRules", "EditorTraining"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["emend", "TestSupport"], swiftSettings: strict),
  ] + x86Kernels,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
