import ArgumentParser
import EditSessions
import Terminal
import Tokenization

extension ChatFamily: ExpressibleByArgument {}

/// `--chat-template NAME`.
struct ChatTemplateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How conversations are written for the model. (default: as the file's own template says; with "
        + "an --editor or --edit as the editor was trained, without a system turn of the template's)",
      valueName: ChatFamily.allCases.map(\.rawValue).joined(separator: "|")))
  var chatTemplate: ChatFamily?

  /// The template chosen, or that of a model with `edits`; said where it is asked for.
  func template(
    for opened: OpenedModel, edits: EditOptions? = nil, verbose: Bool = false
  ) throws -> ChatTemplate {
    let template =
      try chatTemplate.map(ChatTemplate.family)
      ?? (edits?.request() ?? EditRequest()).template(of: opened.tokenizer.vocabulary)
    if verbose {
      switch template {
      case .own: Console.log("conversations: as the file's own template writes them")
      case .family(let family):
        let reason = chatTemplate == nil ? ", as editors are trained with it" : ""
        Console.log("conversations: \(family.rawValue) without a default system turn\(reason)")
      }
    }
    return template
  }
}
