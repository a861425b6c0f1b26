import ArgumentParser
import EditSessions
import EditorTraining
import TensorKernels

/// The model, and how it is run to train or to measure with it: what a configuration may give, too. There
/// is no context to choose, which the rows decide, nor a cache of keys and values.
struct TrainingModelOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp(
      "The model, a GGUF or packed file; --config may name it.", valueName: "model"))
  var model: String?

  @Option(
    name: [.short, .long], parsing: .unconditional,
    help: ArgumentHelp(
      "Threads, at most as many as can run at once. (default: one for each physical core)",
      valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "int8 rounds the activations to 8 bits for speed; f32 is exact. (default: int8)",
      valueName: "int8|f32"))
  var activations: ActivationPrecision?

  @OptionGroup var limit: MemoryLimitOption

  @Flag(name: [.short, .long], help: "Say how much memory is planned, beside --json too.")
  var verbose = false

  /// The names that a configuration may give them, beside `model`.
  static let names = ["threads", "activations", "memory_limit", "verbose"]

  /// How `model` is run: as the flags say, then the configuration, then the defaults. Throws
  /// `EditorTrainingError.configuredOption` and `ValidationError`.
  func use(_ origins: OptionOrigins, model: String) throws -> ModelUse {
    let configuration = origins.configuration
    let use = ModelUse(
      settings: ModelSettings(
        path: model,
        threads: try threads
          ?? configuration?.value("threads", needed: "a whole number") { Int($0) },
        activations: try activations
          ?? configuration?.value("activations", needed: "int8 or f32") {
            ActivationPrecision(rawValue: $0)
          } ?? .int8,
        memoryLimit: try
          (limit.memoryLimit
          ?? configuration?.value("memory_limit", needed: "bytes, or a number with K, M or G") {
            ByteSize(argument: $0)
          })?.bytes),
      verbose: try verbose || origins.isSet("verbose"))
    try use.validate()
    return use
  }
}
