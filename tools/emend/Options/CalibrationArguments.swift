import ArgumentParser
import EditSessions
import MessagePassing
import ModelFiles
import Quantization
import TensorKernels

/// How the linear layers are rounded by what they read on a text.
struct CalibrationArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Round the linear layers by what they read on this plain text, layer after layer (GPTQ): much "
        + "closer to the source at the same size, for hours of work instead of seconds with a large "
        + "model. Text like what the model will be used for is best, a few hundred kilobytes are "
        + "enough; - is standard input.", valueName: "file"))
  var calibration: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most windows of the text that are used, evenly spread over it. (default: "
        + "\(CalibrationText.defaultCount))", valueName: "n"))
  var calibrationWindows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens in a window. (default: \(CalibrationText.defaultLength), or the model's context where "
        + "that is less)", valueName: "n"))
  var calibrationLength: Int?

  /// What does not go together.
  func validate(with recipe: RecipeOptions) throws {
    guard calibration != nil else {
      guard calibrationWindows == nil, calibrationLength == nil else {
        throw ValidationError(
          "--calibration-windows and --calibration-length need --calibration FILE")
      }
      return
    }
    guard calibration != "-" || RankEnvironment.current.count == 1 else {
      throw ValidationError("--calibration is -, and every rank reads the text; give a file")
    }
    guard let type = recipe.type, type.format.elementsPerBlock == 32 else {
      throw ValidationError(
        "--calibration is for --type q4_0, q4_1, q5_0, q5_1 and q8_0; "
          + "\(recipe.type?.name ?? "what is kept") has no blocks of 32 to round")
    }
    if recipe.rounding == .reference {
      throw ValidationError(
        "--calibration chooses the rounding itself; leave out --rounding reference")
    }
    if let calibrationWindows, calibrationWindows < 1 {
      throw ValidationError(
        "--calibration-windows is \(calibrationWindows), and must be at least 1")
    }
    if let calibrationLength, calibrationLength < 2 {
      throw ValidationError("--calibration-length is \(calibrationLength), and must be at least 2")
    }
  }

  /// The text in windows, or nil where there is none.
  func calibration(for source: any CheckpointSource) throws -> Calibration? {
    guard let calibration else { return nil }
    let trained = try source.contextLength()
    if let calibrationLength, calibrationLength > trained {
      throw EditSessionError.contextTooLong(asked: calibrationLength, trained: trained)
    }
    let text = try TextFile.read(calibration)
    return Calibration(
      text: try CalibrationText(
        text, name: calibration.split(separator: "/").last.map(String.init) ?? calibration,
        tokenizer: try source.tokenizer(),
        length: calibrationLength ?? min(CalibrationText.defaultLength, trained),
        count: calibrationWindows ?? CalibrationText.defaultCount))
  }

  /// Throws when the calibration takes more than is there.
  func checkMemory(_ needed: Int) throws(MemoryShortage) {
    try MemoryShortage.check(.calibrating, needed, resident: 0, limit: nil)
  }
}
