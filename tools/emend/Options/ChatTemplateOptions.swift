import ArgumentParser
import Tokenization

extension ChatTemplate: ExpressibleByArgument {}

/// `--chat-template NAME`.
struct ChatTemplateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How conversations are written for the model. (default: what the file says)",
      valueName: ChatTemplate.allCases.map(\.rawValue).joined(separator: "|")))
  var chatTemplate: ChatTemplate?

  /// The template chosen, or the file's.
  func template(for tokenizer: Tokenizer) throws -> ChatTemplate {
    try chatTemplate ?? ChatTemplate(of: tokenizer.vocabulary)
  }
}
