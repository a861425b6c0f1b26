/// Under which condition a response is predicted (docs/evaluation.md).
public enum EditCondition: String, Sendable, Codable, CaseIterable {
  /// No edit, and no instruction in the prompt.
  case ablated
  /// The edit of an instruction without words.
  case empty
  /// The edit of another row's instruction.
  case shuffled
  /// The edit of a sentence that asks for nothing (`MeaninglessInstruction`).
  case sentence = "random_sentence"
  /// The edit of what is no sentence.
  case nonsense
  /// Latents of random directions, each as long as the editor's own at its site.
  case random
  /// The edit of another editor, trained with an instruction without words for every row: one constant
  /// that was learned.
  case constant
  /// The editor's edit for the row's instruction.
  case edited
  /// The prefix of the editor before it has learned anything: what the processor's own states of the
  /// instruction do.
  case readerAtZero = "reader_at_zero"
  /// No edit, and the instruction in the prompt.
  case prompted
  /// No edit, and another row's instruction in the prompt.
  case promptedShuffled = "prompted_shuffled"
  /// No edit, and such a sentence in the prompt.
  case promptedSentence = "prompted_random_sentence"
  /// No edit, and such nonsense in the prompt.
  case promptedNonsense = "prompted_nonsense"
  /// Low-rank changes to the processor, trained with the instruction in the prompt, where it is.
  case tuned
  /// The same with another row's instruction in the prompt.
  case tunedShuffled = "tuned_shuffled"

  /// Whether rows are measured with others' instructions.
  public var isShuffled: Bool {
    switch self {
    case .shuffled, .promptedShuffled, .tunedShuffled: true
    default: false
    }
  }
}
