import EditSessions
import LanguageModels
import LatentEditing
import ModelEvaluation
import PlainText
import TextGeneration
import Tokenization

/// A text's tokens and how likely each was, edited or not: an object of JSON as `emend score --json` writes it, and text.
public struct ScoredText: Sendable, Encodable {
  /// Its tokens; those of an edit that stands for its beginning left out.
  public let ids: [Int]
  /// ln p of each given those before it; nil for the first, which has none before it.
  public let logprobs: [Double?]

  /// Scores `prompt` with `loaded`, and `edits` where there are some. The logits are written to `logits`, as
  /// `TokenScores` does. `onToken` hears how many tokens of how many are done, and answers whether to go on. Throws what
  /// makes the edits impossible, and `ModelEvaluationError`.
  public init(
    _ prompt: Prompt, _ loaded: LoadedModel, _ edits: EditPreparation? = nil, logits: String? = nil,
    onToken: (Int, Int) -> Bool = { _, _ in true }
  ) throws {
    func scores(
      _ ids: [Int], behind ghosts: Int, unscored: Int, _ model: some SequenceModel
    ) throws -> [Double] {
      try TokenScores.logProbabilities(
        of: ids, behind: ghosts, unscored: unscored, model,
        vocabularySize: loaded.configuration.vocabularySize, logits: logits
      ) { onToken($0, ids.count) }
    }
    guard var edits else {
      ids = prompt.tokens
      logprobs = [nil] + (try scores(ids, behind: 0, unscored: 0, loaded.state))
      return
    }
    let ahead = edits.tokensInFront
    let edited = try edits.processor(loaded)
    try edited.prepare(prompt)
    let tokens = edited.extended(prompt).tokens
    let ghosts = ahead > 0 ? ahead : tokens.count - prompt.tokens.count
    ids = Array(tokens.dropFirst(ghosts))
    logprobs = [nil] + (try scores(tokens, behind: ghosts, unscored: ahead, edited))
  }

  /// A line for each token: its score, its id and its piece.
  public func lines(with tokenizer: Tokenizer) -> [String] {
    zip(ids, logprobs).map { id, score in
      "\(score.map { Numbers.fixed($0, 4) } ?? "-")\t\(id)\t\(tokenizer.piece(of: id).onOneLine)"
    }
  }
}
