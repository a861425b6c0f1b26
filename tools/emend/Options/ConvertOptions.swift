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
    help: ArgumentHelp("Type of the matrices.", valueName: "q4_0|q4_1|q8_0|f16|f32"))
  var type: WeightType

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

  var recipe: ConversionRecipe {
    ConversionRecipe(
      type: type.format, outputType: outputType?.format, embeddingType: embeddingType?.format,
      rounding: rounding, allowsRequantizing: allowRequantize)
  }
}
