import EditorTraining
import LanguageModels
import LatentEditing
import ModelFiles
import TextGeneration

/// What can go wrong while a model is evaluated.
public enum EvaluationError: Error, CustomStringConvertible {
  /// Windows must have at least four tokens for their second half to have a scored one.
  case windowTooShort(length: Int)
  /// The window does not fit in the state's context.
  case windowTooLong(length: Int, contextLength: Int)
  /// llama.cpp's protocol wants two windows of text.
  case textTooShort(tokens: Int, needed: Int)
  /// No window was asked for.
  case noWindows
  /// There is nothing to score.
  case nothingToScore(tokens: Int)
  /// A token id is not in the vocabulary.
  case noSuchToken(id: Int, vocabularySize: Int)
  /// A logit at `position` is NaN or infinite.
  case unusableLogits(position: Int)
  /// The base file is not one, or is damaged.
  case invalidBase(path: String, problem: String)
  /// The base file was made with another model or window.
  case baseMismatch(path: String, field: String, found: Int, needed: Int)
  /// The listener asked to stop after `done` of `total` windows or tokens.
  case cancelled(done: Int, total: Int, unit: String)
  /// The model failed.
  case model(LanguageModelError)
  /// An editor could not be run.
  case editing(LatentEditingError)
  /// An answer could not be generated.
  case generation(TextGenerationError)
  /// No held-out row is in that split; `known` are those that have some.
  case emptySplit(name: String, known: [String])
  /// A split has too few rows for one to get another's instruction.
  case oneRow(split: String)
  /// A file could not be read or written.
  case file(ModelFileError)

  /// One sentence: what was found, what was needed, what to do.
  public var description: String {
    switch self {
    case .windowTooShort(let length):
      "A window of \(length) tokens has nothing to score; use at least 4 (--ctx-size)."
    case .windowTooLong(let length, let contextLength):
      "\(length) tokens do not fit in a context of \(contextLength); use a shorter text or window, "
        + "or a longer context (--ctx-size)."
    case .textTooShort(let tokens, let needed):
      "The text has \(tokens) tokens and two windows need \(needed); use a longer text or a shorter "
        + "window (--ctx-size)."
    case .noWindows:
      "0 windows were asked for; ask for at least 1 (--chunks)."
    case .nothingToScore(let tokens):
      "The text has \(tokens) tokens, and at least 2 are needed; use a longer text."
    case .noSuchToken(let id, let vocabularySize):
      "The token \(id) is not in the model's vocabulary of \(vocabularySize); use text or a base "
        + "file made for this model."
    case .unusableLogits(let position):
      "The logits at position \(position) are not finite; the weights are damaged or overflow (try "
        + "--activations f32)."
    case .invalidBase(let path, let problem):
      "\(path): \(problem); write it again with --kl-divergence-base and without --kl-divergence."
    case .baseMismatch(let path, let field, let found, let needed):
      "\(path): its \(field) is \(found) but \(needed) is needed; use the same model family and "
        + "options as when it was written."
    case .cancelled(let done, let total, let unit):
      "Interrupted after \(done) of \(total) \(unit), and nothing was kept; run it again, or on less."
    case .model(let error): error.description
    case .editing(let error): error.description
    case .generation(let error): error.description
    case .emptySplit(let name, let known):
      "No held-out row is in the split \(name); "
        + (known.isEmpty
          ? "give data of which some is kept from training, by its field split or the parts kept"
          : "those with rows are \(known.joined(separator: ", "))") + "."
    case .oneRow(let split):
      "The split \(split) has one row that can be used, and two are needed for one to get the other's "
        + "instruction; give more data, or allow longer sequences (--max-seq-length)."
    case .file(let error): error.description
    }
  }
}
