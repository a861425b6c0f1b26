// swift-tools-version: 6.2
import Foundation
import PackageDescription

// `EMEND_PORTABLE=1 swift build` builds without unsafe flags: only the portable kernels, and slow, for a SwiftPM that
// refuses such flags in a package that is taken by version (that of Swift 6.3.1 does not).
let portableOnly = ProcessInfo.processInfo.environment["EMEND_PORTABLE"] == "1"

#if arch(x86_64)
  let hasX86Kernels = !portableOnly
#else
  let hasX86Kernels = false
#endif
#if arch(arm64)
  let hasArmKernels = !portableOnly
#else
  let hasArmKernels = false
#endif

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The inner loops are one set of sources, compiled once per instruction set (see Sources/Kernels).
func kernels(
  _ name: String, define: String, also: String? = nil, flags: [String]
) -> Target {
  .target(
    name: name,
    dependencies: ["BlockFormats", "CPlatform", "KernelInterface"],
    swiftSettings: strict + [.define(define)] + (also.map { [.define($0)] } ?? [])
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

// tools/arm-check compiles these with the same flags.
let armKernels: [Target] =
  hasArmKernels
  ? [
    kernels("KernelsNEON", define: "KERNELS_NEON", flags: ["-march=armv8.2-a+dotprod"]),
    kernels(
      "KernelsNEONI8MM", define: "KERNELS_NEON", also: "KERNELS_I8MM",
      flags: ["-march=armv8.2-a+dotprod+i8mm+bf16"]),
  ] : []
let fastKernels = x86Kernels + armKernels
let fastNames: [Target.Dependency] = fastKernels.map { .byName(name: $0.name) }

/// Modules whose enumerations others keep in their own types. SwiftPM rebuilds a target when one of its direct
/// dependencies has changed: a target that met these only through another would go on with the layout they
/// had before.
let layouts: [Target.Dependency] = ["BlockFormats", "KernelInterface"]

/// What `emend serve` is made of, where the package's trait asks for it.
let server: [Target.Dependency] = [
  ("Hummingbird", "hummingbird"), ("HTTPTypes", "swift-http-types"), ("Logging", "swift-log"),
  ("NIOCore", "swift-nio"), ("ServiceLifecycle", "swift-service-lifecycle"),
].map { .product(name: $0, package: $1, condition: .when(traits: ["Server"])) }

/// What one process tells another by, where the package's trait asks for it.
let messages: [Target.Dependency] = [.target(name: "CMPI", condition: .when(traits: ["MPI"]))]

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
  // `emend serve`. A program that only uses the libraries turns it off (`traits: []`) and resolves no HTTP server.
  // `mpirun -n N emend train` wants MPI: `swift build --traits default,MPI` where tools/install-dependencies --mpi
  // has brought it. Without the trait nobody looks for it.
  traits: [.default(enabledTraits: ["Server"]), .trait(name: "Server"), .trait(name: "MPI")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    // What Hummingbird is made of and hands out.
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
  ],
  targets: [
    .target(name: "CPlatform"),
    .systemLibrary(
      name: "CSystemSentencePiece", pkgConfig: "sentencepiece",
      providers: [.apt(["libsentencepiece-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CSentencePiece", dependencies: ["CSystemSentencePiece"]),
    .systemLibrary(name: "CSystemMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .target(
      name: "CMPI", dependencies: [.target(name: "CSystemMPI", condition: .when(traits: ["MPI"]))],
      cSettings: [.define("EMEND_MPI", .when(traits: ["MPI"]))]),
    .target(name: "MessagePassing", dependencies: messages, swiftSettings: strict),
    .target(name: "KernelInterface", dependencies: ["BlockFormats"], swiftSettings: strict),
    kernels("KernelsPortable", define: "KERNELS_PORTABLE", flags: []),
    .target(name: "BlockFormats", swiftSettings: strict),
    .target(
      name: "TensorKernels",
      dependencies: ["CPlatform", "KernelInterface", "KernelsPortable", "BlockFormats"] + fastNames,
      swiftSettings: strict + (hasX86Kernels ? [.define("X86_KERNELS")] : [])
        + (hasArmKernels ? [.define("ARM_KERNELS")] : [])),
    .target(name: "PlainText", swiftSettings: strict),
    .target(name: "Terminal", swiftSettings: strict),
    .target(
      name: "ModelFiles",
      dependencies: ["CPlatform", "CZstd", "BlockFormats", "KernelInterface", "PlainText"],
      swiftSettings: strict),
    .target(
      name: "Tokenization", dependencies: ["CSentencePiece", "ModelFiles", "PlainText"],
      swiftSettings: strict),
    .target(
      name: "LanguageModels",
      dependencies: layouts + ["TensorKernels", "ModelFiles", "PlainText"],
      swiftSettings: strict),
    .target(
      name: "Quantization",
      dependencies: layouts + [
        "LanguageModels", "MessagePassing", "Tokenization", "TensorKernels", "ModelFiles",
        "PlainText",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(
      name: "LatentEditing",
      dependencies: layouts + [
        "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles", "PlainText",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(
      name: "InstructionEditors",
      dependencies: layouts + [
        "LatentEditing", "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      resources: [.embedInCode("Known/known-instructions.tsv")], swiftSettings: strict),
    .target(
      name: "EditorTraining",
      dependencies: layouts + [
        "EditSessions", "InstructionEditors", "LatentEditing", "LanguageModels", "Tokenization",
        "TensorKernels", "ModelFiles", "MessagePassing", "PlainText",
        .product(name: "Crypto", package: "swift-crypto"), "Yams",
      ], swiftSettings: strict),
    .target(
      name: "TextGeneration",
      dependencies: layouts + ["LanguageModels", "Tokenization", "PlainText"],
      swiftSettings: strict),
    .target(
      name: "ModelEvaluation",
      dependencies: layouts + ["LanguageModels", "TensorKernels", "ModelFiles", "PlainText"],
      swiftSettings: strict),
    .target(
      name: "EditSessions",
      dependencies: layouts + [
        "InstructionEditors", "LatentEditing", "TextGeneration", "Tokenization", "LanguageModels",
        "ModelFiles", "PlainText", "TensorKernels",
      ], swiftSettings: strict),
    .target(
      name: "EditEvaluation",
      dependencies: layouts + [
        "EditSessions", "TextGeneration", "EditorTraining", "ModelEvaluation", "InstructionEditors",
        "LatentEditing", "LanguageModels", "MessagePassing", "Tokenization", "TensorKernels",
        "ModelFiles", "PlainText",
      ], swiftSettings: strict),
    .target(
      name: "EditStudies",
      dependencies: layouts + [
        "EditEvaluation", "EditSessions", "EditorTraining", "InstructionEditors", "LatentEditing",
        "LanguageModels", "MessagePassing", "Tokenization", "TensorKernels", "ModelFiles",
        "PlainText",
        .product(name: "Crypto", package: "swift-crypto"), "Yams",
      ],
      resources: [
        .embedInCode("Explanation/unrelated.txt"), .embedInCode("Distillation/prompts.txt"),
      ], swiftSettings: strict),
    .target(
      name: "Emend",
      dependencies: layouts + [
        "EditStudies", "EditSessions", "EditEvaluation", "EditorTraining", "ModelEvaluation",
        "Quantization",
        "InstructionEditors", "LatentEditing", "TextGeneration", "Tokenization", "LanguageModels",
        "MessagePassing", "ModelFiles",
        "TensorKernels",
      ], swiftSettings: strict),
    .target(
      name: "EditServer",
      dependencies: layouts + [
        "EditSessions", "InstructionEditors", "LatentEditing", "TextGeneration", "Tokenization",
        "LanguageModels", "ModelEvaluation", "ModelFiles", "TensorKernels",
        .product(name: "Crypto", package: "swift-crypto"),
      ] + server,
      resources: [
        .embedInCode("Page/index.html"), .embedInCode("Page/app.js"),
        .embedInCode("Page/style.css"), .embedInCode("Page/icon.svg"),
      ],
      swiftSettings: strict),
    // Not called emend: where the disk does not tell cases apart it would lie in Emend's place.
    .executableTarget(
      name: "EmendCommand",
      dependencies: layouts + [
        "EditServer", "EditSessions", "TextGeneration", "EditStudies", "EditEvaluation",
        "ModelEvaluation", "EditorTraining", "Quantization", "InstructionEditors",
        "MessagePassing", "LatentEditing", "LanguageModels", "ModelFiles", "PlainText",
        "TensorKernels", "Terminal", "Tokenization",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/emend", swiftSettings: strict),

    .executableTarget(
      name: "fuzz",
      dependencies: layouts + [
        "EditorTraining", "InstructionEditors", "LanguageModels", "LatentEditing", "ModelFiles",
        "Quantization",
        "TensorKernels", "Tokenization", "TestSupport",
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
      name: "TestSupport", dependencies: layouts + ["MessagePassing", "TensorKernels"],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("BlockFormats"),
    tests("TensorKernels"),
    tests("MessagePassing"),
    tests("ModelFiles"),
    .testTarget(name: "PlainTextTests", dependencies: ["PlainText"], swiftSettings: strict),
    .testTarget(name: "TerminalTests", dependencies: ["Terminal"], swiftSettings: strict),
    tests("Tokenization", ["ModelFiles"]),
    tests("LanguageModels", ["TensorKernels", "ModelFiles", "Tokenization"]),
    tests(
      "Quantization",
      [
        "LatentEditing", "LanguageModels", "MessagePassing", "Tokenization", "TensorKernels",
        "ModelFiles",
      ]),
    tests(
      "LatentEditing",
      [
        "InstructionEditors", "LanguageModels", "TensorKernels", "ModelFiles", "Quantization",
      ]),
    tests(
      "EditorTraining",
      [
        "EditSessions", "InstructionEditors", "LatentEditing", "LanguageModels", "TensorKernels",
        "MessagePassing", "ModelFiles", "Tokenization", "Quantization",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests(
      "TextGeneration", ["LanguageModels", "ModelFiles", "TensorKernels", "Tokenization"]),
    // As a program outside: the product, and nothing of this package's own.
    .testTarget(name: "EmendTests", dependencies: ["Emend"], swiftSettings: strict),
    tests(
      "EditSessions",
      [
        "EditorTraining", "InstructionEditors", "LanguageModels", "LatentEditing", "ModelFiles",
        "TensorKernels", "TextGeneration", "Tokenization",
      ]),
    tests(
      "EditEvaluation",
      [
        "EditorTraining", "ModelEvaluation", "InstructionEditors", "LatentEditing",
        "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles",
      ]),
    tests(
      "EditStudies",
      [
        "EditEvaluation", "EditSessions", "EditorTraining", "InstructionEditors", "LatentEditing",
        "LanguageModels", "Tokenization", "TensorKernels", "ModelFiles",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests("ModelEvaluation", ["LanguageModels"]),
    tests(
      "EditServer",
      [
        "EditSessions", "InstructionEditors", "LatentEditing", "LanguageModels", "ModelFiles",
        "TensorKernels", "TextGeneration", "Tokenization",
      ]),
    .testTarget(
      name: "InstructionRulesTests", dependencies: ["InstructionRules", "EditorTraining"],
      swiftSettings: strict),
    .testTarget(
      name: "BehaviourRulesTests", dependencies: ["BehaviourRules", "EditorTraining"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests",
      dependencies: layouts + ["EditorTraining", "EmendCommand", "TestSupport"],
      swiftSettings: strict),
  ] + fastKernels,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
