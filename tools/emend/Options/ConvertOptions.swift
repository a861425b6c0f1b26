import ArgumentParser
import BlockFormats
import Quantization

/// A format that weights can be written in.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
  case q4_0
  case q4_1
  case q5_0
  case q5_1
  case q8_0
  case q2_k
  case q3_k
  case q4_k
  case q5_k
  case q6_k
  case f16
  case f32

  var format: BlockFormat {
    switch self {
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    case .q5_0: .q5_0
    case .q5_1: .q5_1
    case .q8_0: .q8_0
    case .q2_k: .q2_K
    case .q3_k: .q3_K
    case .q4_k: .q4_K
    case .q5_k: .q5_K
    case .q6_k: .q6_K
    case .f16: .f16
    case .f32: .f32
    }
  }
}

/// What `--type` takes: one format for all matrices, or a mixture.
enum ModelType: CaseIterable, ExpressibleByArgument {
  case weights(WeightType)
  case mixture(Mixture)

  static var allCases: [ModelType] {
    WeightType.allCases.map(ModelType.weights) + Mixture.allCases.map(ModelType.mixture)
  }
  static var allValueStrings: [String] { allCases.map(\.name) }

  init?(argument: String) {
    guard let type = Self.allCases.first(where: { $0.name == argument.lowercased() }) else {
      return nil
    }
    self = type
  }

  /// As it is written on the command line.
  var name: String {
    switch self {
    case .weights(let type): type.rawValue
    case .mixture(let mixture): mixture.rawValue
    }
  }

  /// What most matrices get.
  var format: BlockFormat {
    switch self {
    case .weights(let type): type.format
    case .mixture(let mixture): mixture.base
    }
  }
}

extension Rounding: ExpressibleByArgument {}

/// Which tensor gets which format.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Type of the matrices: one for all, or one of llama.cpp's mixtures (q4_k_m, ...). Rows that 256 does "
        + "not divide fall back as llama.cpp's do. May be left out with --packed where IN is a GGUF "
        + "file, whose types are then kept.", valueName: "type"))
  var type: ModelType?

  @Option(
    help: ArgumentHelp(
      "Type of the output matrix, or of the embedding where that is the output too. (default: q8_0 "
        + "with --type q4_0, q4_1, q5_0 and q5_1, q6_k with superblocks, otherwise as --type)",
      valueName: "type"))
  var outputType: WeightType?

  @Option(
    help: ArgumentHelp(
      "Type of the embedding. (default: as --type; where it is the output too, as --output-type)",
      valueName: "type"))
  var embeddingType: WeightType?

  @Option(
    help: ArgumentHelp(
      "How the scales of blocks are chosen: with the least error, or as llama.cpp's reference does, "
        + "byte for byte.", valueName: "best|reference"))
  var rounding: Rounding = .best

  @Flag(help: "Quantize what is quantized already, which loses precision twice.")
  var allowRequantize = false

  @Flag(
    help: ArgumentHelp(
      "Write a packed file: weights laid out for the CPU, which run where they are mapped instead of "
        + "being packed each time the model is loaded. Only Emend reads it."))
  var packed = false

  func validate() throws {
    guard type == nil else { return }
    guard packed else { throw ValidationError("--type is missing") }
    guard outputType == nil, embeddingType == nil, !allowRequantize, rounding == .best else {
      throw ValidationError(
        "--output-type, --embedding-type, --rounding and --allow-requantize need --type: without it "
          + "all types are kept")
    }
  }

  /// Nil where types are kept.
  var recipe: ConversionRecipe? {
    guard let type else { return nil }
    return switch type {
    case .weights(let type):
      ConversionRecipe(
        type: type.format, outputType: outputType?.format, embeddingType: embeddingType?.format,
        rounding: rounding, allowsRequantizing: allowRequantize)
    case .mixture(let mixture):
      ConversionRecipe(
        mixture: mixture, outputType: outputType?.format, embeddingType: embeddingType?.format,
        rounding: rounding, allowsRequantizing: allowRequantize)
    }
  }
}
