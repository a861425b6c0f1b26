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

/// Modules whose enumerations others keep in their own types. SwiftPM rebuilds a target when one of its direct
/// dependencies has changed: a target that met these only through another would go on with the layout they
/// had before.
let layouts: [Target.Dependency] = ["BlockFormats", "KernelInterface"]

/// Tests see `package` declarations, so they build with the same flags as the product.
func tests(_ module: String, _ others: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: module + "Tests",
    dependencies: [.byName(name: module), "TestSupport"] + others
      + (module == "BlockFormats" ? [] : layouts),
    swiftSettings: strict)
}

let package = Package(
  name: "emend",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "emend", targets: ["EmendCommand"]),
    .library(name: "Emend", targets: ["Emend"]),
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
      name: "LanguageModels", dependencies: layouts + ["TensorKernels", "ModelFiles"],
      swiftSettings: strict),
    .target(
      name: "Quantization",
      dependencies: layouts + [
        "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(
      name: "LatentEditing",
      dependencies: layouts + [
        "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles", "CZstd",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(
      name: "EditorTraining",
      dependencies: layouts + [
        "LatentEditing", "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles", "CZstd",
        .product(name: "Crypto", package: "swift-crypto"), "Yams",
      ], swiftSettings: strict),
    .target(
      name: "TextGeneration", dependencies: layouts + ["LanguageModels", "Tokenization"],
      swiftSettings: strict),
    .target(
      name: "ModelEvaluation", dependencies: layouts + ["LanguageModels", "ModelFiles"],
      swiftSettings: strict),
    .target(
      name: "EditSessions",
      dependencies: layouts + [
        "LatentEditing", "TextGeneration", "Tokenization", "LanguageModels", "ModelFiles",
        "TensorKernels",
      ], swiftSettings: strict),
    .target(
      name: "EditEvaluation",
      dependencies: layouts + [
        "TextGeneration", "EditorTraining", "ModelEvaluation", "LatentEditing", "LanguageModels",
        "Tokenization", "ModelFiles",
      ], swiftSettings: strict),
    .target(
      name: "Emend",
      dependencies: layouts + [
        "EditSessions", "EditEvaluation", "EditorTraining", "ModelEvaluation", "Quantization",
        "LatentEditing", "TextGeneration", "Tokenization", "LanguageModels", "ModelFiles",
        "TensorKernels",
      ], swiftSettings: strict),
    // Not called emend: where the disk does not tell cases apart it would lie in Emend's place.
    .executableTarget(
      name: "EmendCommand",
      dependencies: layouts + [
        "EditSessions", "TextGeneration", "EditEvaluation", "ModelEvaluation", "EditorTraining",
        "Quantization",
        "LatentEditing", "LanguageModels", "ModelFiles", "TensorKernels", "Tokenization",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/emend", swiftSettings: strict),

    .executableTarget(
      name: "fuzz",
      dependencies: layouts + [
        "EditorTraining", "LanguageModels", "LatentEditing", "ModelFiles", "TensorKernels",
        "Tokenization", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/fuzz", swiftSettings: strict),
    .target(
      name: "InstructionRules", dependencies: layouts + ["EditorTraining"],
      path: "tools/instruction-set/Rules", swiftSettings: strict),
    .executableTarget(
      name: "instruction-set",
      dependencies: [
        "InstructionRules", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/instruction-set/Command", swiftSettings: strict),
    .target(
      name: "BehaviourRules", dependencies: layouts + ["EditorTraining"],
      path: "tools/behaviours/Rules", swiftSettings: strict),
    .executableTarget(
      name: "behaviours",
      dependencies: [
        "BehaviourRules", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/behaviours/Command", swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: layouts + ["TensorKernels"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("BlockFormats"),
    tests("TensorKernels"),
    tests("ModelFiles"),
    tests("Tokenization", ["ModelFiles"]),
    tests("LanguageModels", ["TensorKernels", "ModelFiles", "Tokenization"]),
    tests(
      "Quantization",
      ["LanguageModels", "Tokenization", "TensorKernels", "ModelFiles"]),
    tests(
      "LatentEditing",
      [
        "LanguageModels", "TensorKernels", "ModelFiles", "Quantization",
      ]),
    tests(
      "EditorTraining",
      [
        "LatentEditing", "LanguageModels", "TensorKernels", "ModelFiles", "Tokenization",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests(
      "TextGeneration", ["LanguageModels", "ModelFiles", "TensorKernels", "Tokenization"]),
    // As a program outside: the product, and nothing of this package's own.
    .testTarget(name: "EmendTests", dependencies: ["Emend"], swiftSettings: strict),
    tests(
      "EditSessions",
      [
        "EditorTraining", "LanguageModels", "LatentEditing", "ModelFiles", "TensorKernels",
        "TextGeneration", "Tokenization",
      ]),
    tests(
      "EditEvaluation",
      [
        "EditorTraining", "ModelEvaluation", "LatentEditing", "LanguageModels", "Tokenization",
        "TensorKernels", "ModelFiles",
      ]),
    tests("ModelEvaluation", ["LanguageModels"]),
    .testTarget(
      name: "InstructionRulesTests", dependencies: ["InstructionRules", "EditorTraining"],
      swiftSettings: strict),
    .testTarget(
      name: "BehaviourRulesTests", dependencies: ["BehaviourRules", "EditorTraining"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["EmendCommand", "TestSupport"], swiftSettings: strict),
  ] + x86Kernels,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
