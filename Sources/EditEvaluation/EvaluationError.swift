import LanguageModels
import LatentEditing
import TextGeneration

/// What can go wrong while an editor is measured.
public enum EvaluationError: Error, CustomStringConvertible {
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
  /// A split has no row, or one where one is to get another's instruction.
  case tooFewRows(split: String, found: Int)
  /// All rows of a split have the same instruction, and one is to get another's.
  case oneInstruction(split: String, rows: Int)

  /// One sentence: what was found, what was needed, what to do.
  public var description: String {
    switch self {
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
    case .tooFewRows(let split, 0):
      "The split \(split) has no row that can be used; give more data, or allow longer sequences "
        + "(--max-seq-length)."
    case .tooFewRows(let split, _):
      "The split \(split) has one row that can be used, and two are needed for one to get the other's "
        + "instruction; give more data, allow longer sequences (--max-seq-length), or leave out the "
        + "conditions with others' instructions (--baselines ablated,prompted)."
    case .oneInstruction(let split, let rows):
      "All \(rows) rows of the split \(split) have the same instruction, and two are needed for one to get "
        + "another's; give more data, or leave out the conditions with others' instructions (--baselines "
        + "ablated,prompted)."
    }
  }
}
