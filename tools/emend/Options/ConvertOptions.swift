import ArgumentParser
import BlockFormats
import Quantization

/// A format that weights can be written in.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
  case q4_0
  case q4_1
  case q8_0
  case f16
  case f32

  var format: BlockFormat {
    switch self {
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    case .q8_0: .q8_0
    case .f16: .f16
    case .f32: .f32
    }
  }
}

extension Rounding: ExpressibleByArgument {}

/// Which tensor gets which format.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Type of the matrices. May be left out with --packed where IN is a GGUF file, whose types are "
        + "then kept.", valueName: "q4_0|q4_1|q8_0|f16|f32"))
  var type: WeightType?

  @Option(
    help: ArgumentHelp(
      "Type of the output matrix, or of the embedding where that is the output too. (default: q8_0 "
        + "with --type q4_0 and q4_1, otherwise as --type)", valueName: "type"))
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
    return ConversionRecipe(
      type: type.format, outputType: outputType?.format, embeddingType: embeddingType?.format,
      rounding: rounding, allowsRequantizing: allowRequantize)
  }
}
