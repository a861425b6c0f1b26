import ArgumentParser
import BlockFormats
import Quantization

/// A format that weights can be written in.
struct WeightType: CaseIterable, ExpressibleByArgument {
  let format: BlockFormat

  static let allCases = ConversionRecipe.formats.map(WeightType.init(format:))
  static var allValueStrings: [String] { allCases.map(\.format.argument) }
}

extension WeightType {
  init?(argument: String) {
    guard let type = Self.allCases.first(where: { $0.format.argument == argument }) else {
      return nil
    }
    self = type
  }
}

/// What `--type` takes: one format for all matrices, or a mixture.
struct ModelType: CaseIterable, ExpressibleByArgument {
  /// What most matrices get.
  let format: BlockFormat
  let mixture: Mixture?

  static let allCases =
    ConversionRecipe.formats.map { ModelType(format: $0, mixture: nil) }
    + Mixture.allCases.map { ModelType(format: $0.base, mixture: $0) }
  static var allValueStrings: [String] { allCases.map(\.name) }

  /// As it is written on the command line.
  var name: String { mixture?.rawValue ?? format.argument }
}

extension ModelType {
  init?(argument: String) {
    guard let type = Self.allCases.first(where: { $0.name == argument.lowercased() }) else {
      return nil
    }
    self = type
  }
}

extension BlockFormat {
  /// As it is written on the command line.
  fileprivate var argument: String { name.lowercased() }
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
    var recipe = ConversionRecipe(
      type: type.format, outputType: outputType?.format, embeddingType: embeddingType?.format,
      rounding: rounding, allowsRequantizing: allowRequantize)
    recipe.mixture = type.mixture
    return recipe
  }
}
