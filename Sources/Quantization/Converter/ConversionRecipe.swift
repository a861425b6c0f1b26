import BlockFormats

/// Which format each tensor gets.
///
/// Vectors (the norms, the factors of rotary frequencies) stay F32. Matrices get `type`, but for two:
/// the output, or the embedding where it is the output too, gets `outputType`, by default Q8_0 where
/// `type` has four bits, since its errors go to the logits directly; the embedding gets
/// `embeddingType`, by default `type`. (llama-quantize has the same rule with Q6_K in place of Q8_0.)
/// A matrix whose rows do not fill whole blocks gets F16.
public struct ConversionRecipe: Sendable, Equatable {
  /// The format of matrices: one of `formats`.
  public var type: BlockFormat
  /// The output's, where it is not to be the default.
  public var outputType: BlockFormat?
  /// The embedding's, where it is not to be the default.
  public var embeddingType: BlockFormat?
  /// How scales of blocks are chosen.
  public var rounding: Rounding
  /// Whether quantized weights may be quantized to another format.
  public var allowsRequantizing: Bool

  /// What can be asked for.
  public static let formats: [BlockFormat] = [.q4_0, .q4_1, .q8_0, .f16, .f32]

  /// A recipe; all types must be among `formats`.
  public init(
    type: BlockFormat, outputType: BlockFormat? = nil, embeddingType: BlockFormat? = nil,
    rounding: Rounding = .best, allowsRequantizing: Bool = false
  ) {
    precondition(
      [type, outputType ?? type, embeddingType ?? type].allSatisfy(Self.formats.contains),
      "a format that is only read")
    self.type = type
    self.outputType = outputType
    self.embeddingType = embeddingType
    self.rounding = rounding
    self.allowsRequantizing = allowsRequantizing
  }

  /// The format of `tensor`, and where it is not the one wanted, why.
  func format(
    for tensor: SourceTensor, isOutputTied: Bool
  ) -> (format: BlockFormat, note: String?) {
    guard tensor.shape.count > 1 else { return (.f32, nil) }
    let output = outputType ?? ([.q4_0, .q4_1].contains(type) ? .q8_0 : type)
    let wanted: BlockFormat =
      switch tensor.name {
      case "output.weight": output
      case "token_embd.weight": embeddingType ?? (isOutputTied ? output : type)
      default: type
      }
    guard tensor.columns % wanted.elementsPerBlock == 0 else {
      return (
        .f16, "rows of \(tensor.columns) do not fill blocks of \(wanted.elementsPerBlock)"
      )
    }
    return (wanted, nil)
  }

  /// `llama_ftype` of llama.cpp: what most of the file is.
  var fileType: UInt32 {
    switch type {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    default: preconditionFailure("\(type.name) is only read")
    }
  }

  /// What the file says of how it was made, as "type=q4_0 output=q8_0 rounding=best".
  var summary: String {
    var parts = ["type=\(type.name)"]
    if let outputType { parts.append("output=\(outputType.name)") }
    if let embeddingType { parts.append("embedding=\(embeddingType.name)") }
    parts.append("rounding=\(rounding.rawValue)")
    if allowsRequantizing { parts.append("allow-requantize") }
    return parts.joined(separator: " ")
  }
}
