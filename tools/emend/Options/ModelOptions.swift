import ArgumentParser
import EditSessions
import LanguageModels
import TensorKernels

extension ActivationPrecision: ExpressibleByArgument {}
extension CacheType: ExpressibleByArgument {}

/// `-m FILE`.
struct ModelFileOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp("The model, a GGUF or packed file.", valueName: "model"))
  var model: String
}

/// How the model is run, for every command that runs it.
struct ModelOptions: ParsableArguments {
  @OptionGroup var file: ModelFileOptions

  @Option(
    name: [.short, .long],
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads, at most as many as can run at once. (default: one for each physical core, and no more than "
        + "the group's quota, SLURM_CPUS_PER_TASK and OMP_NUM_THREADS give)",
      valueName: "n"))
  var threads: Int?

  @Option(
    name: [.customShort("c"), .long],
    parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens the context holds, prompt and answer; 0 is what the model was trained for. (default: 2048, or "
        + "fewer where the model was trained for fewer; perplexity: 512; score: as many as the text has)",
      valueName: "n"))
  var ctxSize: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "int8 rounds the activations to 8 bits for speed; f32 is exact.", valueName: "int8|f32"))
  var activations: ActivationPrecision = .int8

  @Option(
    help: ArgumentHelp(
      "How keys and values are stored. (default: f16; f32 with --activations f32)",
      valueName: "f32|f16|q8_0"))
  var cacheType: CacheType?

  @OptionGroup var limit: MemoryLimitOption

  @Flag(name: [.short, .long], help: "Say what is loaded and how much memory it takes.")
  var verbose = false

  /// The same as values.
  var use: ModelUse {
    ModelUse(
      settings: ModelSettings(
        path: file.model, threads: threads, contextLength: ctxSize, activations: activations,
        cacheType: cacheType, memoryLimit: limit.memoryLimit?.bytes), verbose: verbose)
  }

  func validate() throws {
    try use.validate()
    if let ctxSize, ctxSize < 0 {
      throw ValidationError(
        "--ctx-size is \(ctxSize), and must be at least 1, or 0 for what the model was trained for")
    }
  }
}

/// `--memory-limit SIZE`.
struct MemoryLimitOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Refuse to start when more memory than this is needed: bytes, or with K, M or G. (default: "
        + "what is available)", valueName: "size"))
  var memoryLimit: ByteSize?
}

/// A number of bytes as people write it: "900000000", "900M", "1.5G".
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    var number = argument[...]
    let factor: Double =
      switch argument.last?.uppercased() {
      case "K": 1e3
      case "M": 1e6
      case "G": 1e9
      default: 1
      }
    if factor > 1 { number = number.dropLast() }
    guard let value = Double(number), let bytes = Int(exactly: (value * factor).rounded()),
      bytes > 0
    else { return nil }
    self.bytes = bytes
  }
}
