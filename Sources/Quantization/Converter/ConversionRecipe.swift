import BlockFormats

/// Which format each tensor gets.
///
/// Vectors (the norms, the factors of rotary frequencies) stay F32. Matrices get `type`, but for two:
/// the output, or the embedding where it is the output too, gets `outputType`, by default Q8_0 where
/// `type` has four bits, since its errors go to the logits directly; the embedding gets
/// `embeddingType`, by default `type`. (llama-quantize has the same rule with Q6_K in place of Q8_0.)
/// With superblocks the output is Q6_K, as llama-quantize has it, and a `mixture` has its rules for the others.
/// A matrix whose rows do not fill superblocks gets what llama.cpp takes then (Q5_0 for Q4_K, ...), one whose
/// rows do not fill blocks F16.
public struct ConversionRecipe: Sendable, Equatable {
  /// The format of matrices: one of `formats`.
  public var type: BlockFormat
  /// Which matrices get more bits than `type`; nil for none.
  public var mixture: Mixture?
  /// The output's, where it is not to be the default.
  public var outputType: BlockFormat?
  /// The embedding's, where it is not to be the default.
  public var embeddingType: BlockFormat?
  /// How scales of blocks are chosen.
  public var rounding: Rounding
  /// Whether quantized weights may be quantized to another format.
  public var allowsRequantizing: Bool

  /// What can be asked for.
  public static let formats: [BlockFormat] = [
    .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .f16, .f32,
  ]

  /// A recipe; all types must be among `formats`.
  public init(
    type: BlockFormat, outputType: BlockFormat? = nil, embeddingType: BlockFormat? = nil,
    rounding: Rounding = .best, allowsRequantizing: Bool = false
  ) {
    precondition(
      [type, outputType ?? type, embeddingType ?? type].allSatisfy(Self.formats.contains),
      "a format that is only read")
    self.type = type
    mixture = nil
    self.outputType = outputType
    self.embeddingType = embeddingType
    self.rounding = rounding
    self.allowsRequantizing = allowsRequantizing
  }

  /// A recipe of llama.cpp's.
  public init(
    mixture: Mixture, outputType: BlockFormat? = nil, embeddingType: BlockFormat? = nil,
    rounding: Rounding = .best, allowsRequantizing: Bool = false
  ) {
    self.init(
      type: mixture.base, outputType: outputType, embeddingType: embeddingType,
      rounding: rounding, allowsRequantizing: allowsRequantizing)
    self.mixture = mixture
  }

  /// The format of `tensor`, and where it is not the one wanted, why.
  func format(
    for tensor: SourceTensor, in model: MixedModel
  ) -> (format: BlockFormat, note: String?) {
    guard tensor.shape.count > 1 else { return (.f32, nil) }
    return format(ofMatrix: tensor.name, columns: tensor.columns, in: model)
  }

  /// The format of a matrix, and where it is not the one wanted, why.
  package func format(
    ofMatrix name: String, columns: Int, in model: MixedModel
  ) -> (format: BlockFormat, note: String?) {
    let wanted: BlockFormat =
      switch name {
      case "output.weight": output(columns)
      case "token_embd.weight": embeddingType ?? (model.isOutputTied ? output(columns) : type)
      default: mixture?.format(of: name, in: model) ?? type
      }
    var format = wanted
    while columns % format.elementsPerBlock != 0 { format = Self.fallback(format) }
    return (
      format,
      format == wanted
        ? nil : "rows of \(columns) do not fill blocks of \(wanted.elementsPerBlock)"
    )
  }

  /// The format of the output.
  private func output(_ columns: Int) -> BlockFormat {
    if let outputType { return outputType }
    switch type {
    case .q4_0, .q4_1, .q5_0, .q5_1: return .q8_0
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: return columns % 256 == 0 ? .q6_K : .q8_0
    default: return type
    }
  }

  /// What takes a format's place where rows do not fill its blocks, as llama.cpp has it.
  private static func fallback(_ format: BlockFormat) -> BlockFormat {
    switch format {
    case .q2_K, .q3_K: .q4_0
    case .q4_K: .q5_0
    case .q5_K: .q5_1
    case .q6_K: .q8_0
    default: .f16
    }
  }

  /// `llama_ftype` of llama.cpp: what most of the file is.
  var fileType: UInt32 {
    if let mixture { return mixture.fileType }
    return switch type {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .q5_0: 8
    case .q5_1: 9
    case .q2_K: 10
    case .q3_K: Mixture.q3_k_s.fileType
    case .q4_K: Mixture.q4_k_s.fileType
    case .q5_K: Mixture.q5_k_s.fileType
    case .q6_K: 18
    default: preconditionFailure("\(type.name) is only read")
    }
  }

  /// What the file says of how it was made, as "type=q4_0 output=q8_0 rounding=best".
  var summary: String {
    var parts = ["type=\(mixture?.rawValue ?? type.name)"]
    if let outputType { parts.append("output=\(outputType.name)") }
    if let embeddingType { parts.append("embedding=\(embeddingType.name)") }
    parts.append("rounding=\(rounding.rawValue)")
    if allowsRequantizing { parts.append("allow-requantize") }
    return parts.joined(separator: " ")
  }
}
