import BlockFormats
import LanguageModels
import TensorKernels

/// Why weights could not be quantized.
public enum QuantizationError: Error, Equatable, CustomStringConvertible {
  /// A row that is not a whole number of blocks.
  case partialBlocks(tensor: String, columns: Int, format: BlockFormat)
  /// An infinity or NaN in the source.
  case notFinite(tensor: String, row: Int, column: Int)
  /// A calibration for a format without blocks of 32.
  case nothingToCalibrate(format: BlockFormat)
  /// A calibration text with fewer tokens than one sequence.
  case textTooShort(tokens: Int, needed: Int)
  /// Somebody asked to stop.
  case cancelled(layer: Int, layers: Int)
  /// The system refused memory.
  case memory(KernelError)
  /// The model of the calibration could not be read or run.
  case model(LanguageModelError)

  /// One sentence that says what was found, what was needed and what to do.
  public var description: String {
    switch self {
    case .partialBlocks(let tensor, let columns, let format):
      "rows of \(tensor) have \(columns) elements, which is no multiple of the "
        + "\(format.elementsPerBlock) in a block of \(format.name); choose another type for it, "
        + "such as f16"
    case .notFinite(let tensor, let row, let column):
      "\(tensor) holds an infinity or NaN in row \(row), column \(column); the source is damaged: "
        + "fetch it again"
    case .nothingToCalibrate(let format):
      "calibration rounds blocks of 32, and \(format.name) has none; choose q4_0, q4_1, q5_0, q5_1 "
        + "or q8_0, or leave out the calibration"
    case .textTooShort(let tokens, let needed):
      "the calibration text has \(tokens) tokens, and one window takes \(needed); give a longer text "
        + "or shorter windows"
    case .cancelled(let layer, let layers):
      "the calibration was stopped in layer \(layer + 1) of \(layers) and nothing was written; run it "
        + "again"
    case .memory(let error): "\(error)"
    case .model(let error): "\(error)"
    }
  }
}
