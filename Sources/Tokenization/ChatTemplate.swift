/// How conversations are written for a model: as its own template says, or as a family that was chosen
/// by name.
///
/// The model's own template is evaluated as transformers does, so that ids are those of
/// `apply_chat_template`: what it writes is all there is, BOS included or not.
public enum ChatTemplate: Sendable {
  /// The model's own.
  case own(JinjaTemplate)
  /// A family by name.
  case family(ChatFamily)

  /// The template that the vocabulary's file has. Throws `noChatTemplate`, or `chatTemplate` for one that
  /// cannot be read.
  public init(of vocabulary: Vocabulary) throws(TokenizationError) {
    guard let source = vocabulary.chatTemplate else { throw .noChatTemplate }
    do {
      self = .own(try JinjaTemplate(source))
    } catch {
      throw .chatTemplate(error)
    }
  }

  /// The conversation with markup and content apart. Throws `chatTemplate`, and `systemTextLost` where
  /// what the system says would go unheard.
  public func segments(
    _ messages: [ChatMessage], with tokenizer: Tokenizer, addGenerationPrompt: Bool,
    now: JinjaDate = .now
  ) throws(TokenizationError) -> [TextSegment] {
    let template: JinjaTemplate
    switch self {
    case .own(let own): template = own
    case .family(let family):
      return family.segments(
        messages, addGenerationPrompt: addGenerationPrompt,
        bos: tokenizer.bosToken.map(tokenizer.piece) ?? "",
        eos: tokenizer.eosToken.map(tokenizer.piece) ?? "")
    }
    let (segments, keepsSystemText): ([TextSegment], Bool)
    do {
      (segments, keepsSystemText) = try template.rendering(
        messages, addGenerationPrompt: addGenerationPrompt,
        specialTokens: tokenizer.templateVariables, now: now)
    } catch {
      throw .chatTemplate(error)
    }
    guard keepsSystemText else { throw .systemTextLost }
    return segments
  }

  /// The tokens of the conversation, ready for the model. Only the template's own markup becomes
  /// control tokens; their names in what people say stay text. Throws as `segments` does.
  public func encode(
    _ messages: [ChatMessage], with tokenizer: Tokenizer, addGenerationPrompt: Bool = true
  ) throws(TokenizationError) -> [Int] {
    switch self {
    case .family(let family):
      return family.encode(messages, with: tokenizer, addGenerationPrompt: addGenerationPrompt)
    case .own:
      let segments = try segments(
        messages, with: tokenizer, addGenerationPrompt: addGenerationPrompt)
      return tokenizer.encode(segments, addSpecial: false)
    }
  }

  /// The index, in what `encode` gives, of the first token of what is said first by somebody: by the
  /// system where `role` is that, else by the user. Throws `chatTemplate`.
  public func firstContentToken(
    after role: ChatMessage.Role, with tokenizer: Tokenizer
  ) throws(TokenizationError) -> Int {
    switch self {
    case .family(let family): return family.firstContentToken(after: role, with: tokenizer)
    case .own:
      // Templates may refuse a conversation in which the user says nothing.
      let messages =
        (role == .system ? [ChatMessage(.system, "x")] : []) + [ChatMessage(.user, "x")]
      let opening = try segments(messages, with: tokenizer, addGenerationPrompt: false)
        .prefix(while: \.isMarkup)
      return tokenizer.encode(Array(opening), addSpecial: false).count
    }
  }
}

extension Tokenizer {
  /// The special tokens that templates know by variables.
  var templateVariables: [String: String] {
    let tokens = [
      "bos_token": vocabulary.bosToken, "eos_token": vocabulary.eosToken,
      "unk_token": vocabulary.unknownToken, "pad_token": vocabulary.paddingToken,
    ]
    return tokens.compactMapValues { $0.map(piece) }
  }
}
