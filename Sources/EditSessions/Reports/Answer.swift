import TensorKernels
import TextGeneration

/// An answer: an object of JSON as `emend generate --json` writes it.
public struct Answer: Sendable, Encodable {
  /// What was answered.
  public let text: String
  /// Its tokens.
  public let ids: [Int]
  /// Those of the prompt as it was fed, what edits put in front included.
  public let promptIds: [Int]
  /// Why it ended.
  public let finishReason: String
  /// The seed of its random choices.
  public let seed: UInt64
  /// How long it took.
  public let timings: Timings

  /// Tokens and seconds.
  public struct Timings: Sendable, Encodable {
    /// Of loading the model.
    public let loadSeconds: Double
    /// Of the prompt.
    public let promptTokens: Int
    /// See above.
    public let promptSeconds, promptTokensPerSecond: Double
    /// Of the answer; those that were fed again are decoded.
    public let generatedTokens, decodedTokens: Int
    /// See above.
    public let decodeSeconds, decodeTokensPerSecond: Double
    /// Of the decoded tokens those that were drafted from what came before, and all that were.
    public let acceptedTokens, draftedTokens: Int
    /// The most memory that the process has had.
    public let peakRssBytes: Int

    init(_ statistics: GenerationStatistics, _ loadSeconds: Double) {
      self.loadSeconds = loadSeconds
      promptTokens = statistics.promptTokens
      promptSeconds = statistics.prefillSeconds
      promptTokensPerSecond = statistics.prefillRate ?? 0
      generatedTokens = statistics.generatedTokens
      decodedTokens = statistics.decodedTokens
      decodeSeconds = statistics.decodeSeconds
      decodeTokensPerSecond = statistics.decodeRate ?? 0
      acceptedTokens = statistics.acceptedTokens
      draftedTokens = statistics.draftedTokens
      peakRssBytes = SystemMemory.peakResidentBytes
    }
  }

  /// An answer of a generator, which ended for `reason`, by a model that took `loadSeconds` to load.
  public init(
    text: String, ids: [Int], promptIds: [Int], _ reason: FinishReason, seed: UInt64,
    _ statistics: GenerationStatistics, loadSeconds: Double
  ) {
    self.text = text
    self.ids = ids
    self.promptIds = promptIds
    finishReason = reason.rawValue
    self.seed = seed
    timings = Timings(statistics, loadSeconds)
  }
}

/// The same prompt answered without and with edits.
public struct AnswerPair: Sendable, Encodable {
  /// Without.
  public let unedited: Answer
  /// With.
  public let edited: Answer
  /// Index of the first token of the answers that is not the same; nil where there is none.
  public let firstDifference: Int?

  /// Two answers to one prompt.
  public init(unedited: Answer, edited: Answer) {
    self.unedited = unedited
    self.edited = edited
    let common = zip(unedited.ids, edited.ids).prefix { $0 == $1 }.count
    let areEqual = common == unedited.ids.count && common == edited.ids.count
    firstDifference = areEqual ? nil : common
  }
}
