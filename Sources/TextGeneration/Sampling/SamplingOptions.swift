/// How the next token is chosen. The defaults are llama.cpp's.
public struct SamplingOptions: Sendable, Equatable {
  /// 0 takes the most likely token; above, the logits are divided by it and a token is drawn.
  public var temperature: Float
  /// Only the k most likely tokens may come; 0 for all.
  public var topK: Int
  /// Only the most likely tokens that reach this probability together may come; 1 for all.
  public var topP: Float
  /// Only tokens at least this likely relative to the best may come; 0 for all.
  public var minP: Float
  /// Logits of recent tokens are divided (negative ones multiplied) by this; 1 for no penalty.
  public var repetitionPenalty: Float
  /// How many of the last tokens, prompt included, are penalised; nil for all.
  public var penaltyWindow: Int?
  /// Decides every draw.
  public var seed: UInt64

  /// Options; `SamplingChain.init` refuses values out of range.
  public init(
    temperature: Float = 0.8, topK: Int = 40, topP: Float = 0.95, minP: Float = 0.05,
    repetitionPenalty: Float = 1, penaltyWindow: Int? = 64, seed: UInt64 = 0
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.penaltyWindow = penaltyWindow
    self.seed = seed
  }

  /// The most likely token every time.
  public static var greedy: SamplingOptions { SamplingOptions(temperature: 0) }

  /// Throws for the first value that is out of range.
  public func validate() throws(TextGenerationError) {
    func check(
      _ name: String, _ value: Float, _ needed: String, _ isValid: Bool
    ) throws(TextGenerationError) {
      if !isValid { throw .samplingOption(name: name, value: "\(value)", needed: needed) }
    }
    try check(
      "temperature", temperature, "0 or more", temperature >= 0 && temperature < .infinity)
    try check("top-p", topP, "above 0 and at most 1", topP > 0 && topP <= 1)
    try check("min-p", minP, "from 0 to 1", minP >= 0 && minP <= 1)
    try check(
      "repeat penalty", repetitionPenalty, "above 0",
      repetitionPenalty > 0 && repetitionPenalty < .infinity)
    guard topK >= 0 else {
      throw .samplingOption(name: "top-k", value: "\(topK)", needed: "0 or more")
    }
    if let penaltyWindow, penaltyWindow < 0 {
      throw .samplingOption(
        name: "penalty window", value: "\(penaltyWindow)", needed: "0 or more")
    }
  }
}
