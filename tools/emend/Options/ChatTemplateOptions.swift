import ArgumentParser
import EditSessions
import Terminal
import TextGeneration
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

  /// The template chosen, or the file's: for `edits` of editors the family that it belongs to, which is
  /// what editors are trained with.
  func template(
    for opened: OpenedModel, edits: EditOptions? = nil, verbose: Bool = false
  ) throws -> ChatTemplate {
    let vocabulary = opened.tokenizer.vocabulary
    let isTrained = edits.map { !$0.editor.isEmpty || $0.edit != nil } ?? false
    let template: ChatTemplate
    if let chatTemplate {
      template = .family(chatTemplate)
    } else if isTrained {
      template = .family(try ChatFamily(of: vocabulary))
    } else {
      template = try ChatTemplate(of: vocabulary)
    }
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

extension GenerationOptions {
  /// Ends answers where the assistant's turn of `template` ends.
  mutating func end(turnsOf template: ChatTemplate, with tokenizer: Tokenizer) {
    let end = template.assistantTurnEnd(with: tokenizer)
    endTokens.formUnion(end.tokens)
    turnEnds += end.strings
  }
}
