import LatentEditing
import Tokenization

/// How prompts begin, for editors that read an instruction as the beginning of one (P8).
public enum PromptForm: Sendable {
  /// Conversations, as the template writes them, which begin with the user's turn, or with what the system
  /// says; of a family, as editors are trained.
  case conversation(ChatTemplate, system: String? = nil)
  /// Texts, with BOS in front where the vocabulary has texts begin so.
  case text

  /// Conversations by `template` that begin with `system`, if it is not nil or empty, or texts where there is
  /// no template.
  public init(chat template: ChatTemplate?, system: String? = nil) {
    self = template.map { .conversation($0, system: system) } ?? .text
  }

  var isText: Bool {
    if case .text = self { true } else { false }
  }

  /// What such an editor reads of an instruction, and the tokens at the beginning of prompts that it takes
  /// the place of. In a text the instruction is a line of its own in front.
  func opening(
    with instruction: String, in place: InstructionPlace, _ tokenizer: Tokenizer
  ) throws -> (tokens: [Int], replaced: [Int]) {
    switch self {
    case .conversation(.own, _): throw EditSessionError.prefixOfOwnTemplate
    case .conversation(.family(let template), let system):
      return (
        template.opening(with: instruction, in: place, after: system, with: tokenizer),
        template.opening(after: system, with: tokenizer)
      )
    case .text:
      let start = tokenizer.vocabulary.addsBOS ? tokenizer.bosToken.map { [$0] } ?? [] : []
      return (
        start + tokenizer.encode(instruction + "\n", addSpecial: false, parseSpecial: false), start
      )
    }
  }
}
