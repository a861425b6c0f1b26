import EditSessions
import LanguageModels
import TextGeneration
import Tokenization

/// How the server writes conversations.
///
/// The model's own template, or a family, writes them as `emend generate --chat` does. A template in Jinja
/// that the server was given is used as llama-server uses it: BOS is put in front where the vocabulary
/// has texts begin so and the template does not, and the answer's text is that of its tokens.
package struct ServedTemplate: Sendable {
  /// What writes conversations.
  let template: ChatTemplate
  /// What writes them for editors; nil where the template is of no family.
  let family: ChatFamily?
  /// Whether it was given in Jinja.
  let isGiven: Bool
  /// Its source, where there is one.
  let source: String

  /// The template of `settings`, or the vocabulary's, or ChatML where it has none. Throws what makes it
  /// unreadable.
  init(_ given: String?, _ vocabulary: Vocabulary) throws {
    guard let given else {
      isGiven = false
      guard vocabulary.chatTemplate != nil else {
        template = .family(.chatml)
        family = .chatml
        source = ChatFamily.chatml.rawValue
        return
      }
      template = try ChatTemplate(of: vocabulary)
      family = try? ChatFamily(of: vocabulary)
      source = vocabulary.chatTemplate ?? ""
      return
    }
    source = given
    if let named = ChatFamily(rawValue: given) {
      template = .family(named)
      family = named
      isGiven = false
      return
    }
    do {
      template = .own(try JinjaTemplate(given))
    } catch {
      throw ServerSettingsError.option(
        name: "--chat-template",
        problem:
          "it is none of \(ChatFamily.allCases.map(\.rawValue).joined(separator: ", ")), and no template: "
          + "\(error)")
    }
    family = try? ChatFamily(jinja: given)
    isGiven = true
  }

  /// How prompts begin, for editors that write their beginning.
  var form: PromptForm { get throws { .conversation(try chosen(forEditors: true)) } }

  private func chosen(forEditors: Bool) throws(ServerError) -> ChatTemplate {
    guard forEditors else { return template }
    guard let family else {
      throw .invalid(
        "editors are trained with conversations of a family of templates, and the model's is of none that is known; "
          + "start the server with --chat-template and one of "
          + ChatFamily.allCases.map(\.rawValue).joined(separator: ", "), param: "edit",
        code: "invalid_edit")
    }
    return .family(family)
  }

  /// A conversation, ready to be answered.
  struct Conversation: Sendable {
    let prompt: Prompt
    let text: String
    let turnEnd: AssistantTurnEnd
    let startsText: Bool
  }

  /// `messages` up to where the assistant speaks, or where it goes on with `prefill`. Throws a `ServerError`
  /// where the template refuses them.
  func conversation(
    _ messages: [ChatMessage], prefill: String?, asksForAnswer: Bool = true, forEditors: Bool,
    with tokenizer: Tokenizer
  ) throws(ServerError) -> Conversation {
    let template = try chosen(forEditors: forEditors)
    do throws(TokenizationError) {
      let asks = asksForAnswer || prefill != nil
      var segments =
        try isGiven && !forEditors
        ? given(messages, tokenizer, asksForAnswer: asks)
        : template.segments(messages, with: tokenizer, addGenerationPrompt: asks)
      if let prefill, !prefill.isEmpty { segments.append(TextSegment(prefill, isMarkup: false)) }
      var tokens = tokenizer.encode(segments, addSpecial: false)
      let bos = tokenizer.bosToken
      let addsBOS: Bool
      switch template {
      case .family(let family):
        // As the family's own `encode` has it.
        addsBOS = family.encode([], with: tokenizer, addGenerationPrompt: false).first == bos
      case .own: addsBOS = isGiven && tokenizer.vocabulary.addsBOS && tokens.first != bos
      }
      if addsBOS, let bos { tokens.insert(bos, at: 0) }
      let role = messages.first?.role ?? .user
      // A given template may have no place for what is said.
      let content =
        isGiven && !forEditors
        ? (try? template.firstContentToken(after: role, with: tokenizer)) ?? 0
        : try template.firstContentToken(after: role, with: tokenizer)
      let firstContent = content + (isGiven && addsBOS && !forEditors ? 1 : 0)
      return Conversation(
        prompt: Prompt(tokens, firstContent: min(firstContent, max(0, tokens.count - 1))),
        text: segments.map(\.text).joined(),
        turnEnd: template.assistantTurnEnd(with: tokenizer),
        startsText: prefill == nil && !isGiven)
    } catch {
      throw .invalid("the conversation cannot be written: \(error)", param: "messages")
    }
  }

  /// What a given template writes, also where it leaves out what the system says: whoever gave it chose that.
  private func given(
    _ messages: [ChatMessage], _ tokenizer: Tokenizer, asksForAnswer: Bool
  ) throws(TokenizationError) -> [TextSegment] {
    guard case .own(let template) = template else { return [] }
    let vocabulary = tokenizer.vocabulary
    let tokens = [
      "bos_token": vocabulary.bosToken, "eos_token": vocabulary.eosToken,
      "unk_token": vocabulary.unknownToken, "pad_token": vocabulary.paddingToken,
    ]
    do {
      return try template.segments(
        messages, addGenerationPrompt: asksForAnswer,
        specialTokens: tokens.compactMapValues { $0.map(tokenizer.piece) })
    } catch {
      throw .chatTemplate(error)
    }
  }
}
