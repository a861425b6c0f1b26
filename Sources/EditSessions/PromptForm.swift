import LatentEditing
import Tokenization

/// How prompts begin, for editors that read an instruction as the beginning of one (P8).
public enum PromptForm: Sendable {
  /// Conversations, as the template writes them, which begin with the user's turn; of a family, as editors
  /// are trained.
  case conversation(ChatTemplate)
  /// Texts, with BOS in front where the vocabulary has texts begin so.
  case text

  /// Conversations by `template`, or texts where there is none.
  public init(chat template: ChatTemplate?) {
    self = template.map(PromptForm.conversation) ?? .text
  }

  /// What such an editor reads of an instruction, and the tokens at the beginning of prompts that it takes
  /// the place of. In a text the instruction is a line of its own in front.
  func opening(
    with instruction: String, in place: InstructionPlace, _ tokenizer: Tokenizer
  ) throws -> (tokens: [Int], replaced: [Int]) {
    switch self {
    case .conversation(.own): throw EditSessionError.prefixOfOwnTemplate
    case .conversation(.family(let template)):
      let plain = template.encode(
        [ChatMessage(.user, "x")], with: tokenizer, addGenerationPrompt: false)
      return (
        template.opening(with: instruction, in: place, with: tokenizer),
        Array(plain.prefix(template.firstContentToken(after: .user, with: tokenizer)))
      )
    case .text:
      let start = tokenizer.vocabulary.addsBOS ? tokenizer.bosToken.map { [$0] } ?? [] : []
      return (
        start + tokenizer.encode(instruction + "\n", addSpecial: false, parseSpecial: false), start
      )
    }
  }
}
