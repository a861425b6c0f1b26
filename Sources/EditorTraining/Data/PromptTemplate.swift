import InstructionEditors
import Tokenization

/// How an example is written for the processor: as the family of a chat model's own template writes it,
/// without the system turn that some templates insert, or with plain headings for a model that has none.
/// Edited generation writes its prompts so too.
///
/// The edited and the unedited processor see the input alone, which may be empty. The prompted one sees
/// the instruction, and in the next line the input where there is one. Plain models see
///
///     ### Instruction:\nINSTRUCTION\n\n### Input:\nINPUT\n\n### Response:\n
///
/// the edited one without the first heading.
public enum PromptTemplate: Sendable, Equatable {
  /// The model's own conversations.
  case chat(ChatFamily)
  /// Headings.
  case plain

  /// The names of all templates.
  public static let names = ["plain"] + ChatFamily.allCases.map(\.rawValue)

  /// The template that `name` names, "plain" or one of `ChatFamily`'s, or without a name that of the
  /// vocabulary, plain where it has none. Throws `TokenizationError`, also for a vocabulary's template
  /// that is not known here.
  public init(name: String? = nil, for vocabulary: Vocabulary) throws(TokenizationError) {
    switch name {
    case "plain": self = .plain
    case let name?: self = .chat(try ChatFamily(name: name))
    case nil:
      self = vocabulary.chatTemplate == nil ? .plain : .chat(try ChatFamily(of: vocabulary))
    }
  }

  /// What the edited and the unedited processor see before the response.
  public func prompt(_ row: TrainingRow, with tokenizer: Tokenizer) -> [Int] {
    switch self {
    case .chat(let template):
      template.encode([ChatMessage(.user, row.input)], with: tokenizer)
    case .plain:
      plain(inputHeading(row), with: tokenizer)
    }
  }

  /// What the prompted processor sees before the response.
  public func promptedPrompt(_ row: TrainingRow, with tokenizer: Tokenizer) -> [Int] {
    switch self {
    case .chat(let template):
      template.encode([promptedMessage(row)], with: tokenizer)
    case .plain:
      plain("### Instruction:\n\(row.instruction)\n\n" + inputHeading(row), with: tokenizer)
    }
  }

  /// What a prefix editor reads, and what takes the place of the first `firstContent` tokens of a prompt:
  /// the beginning of the conversation with the instruction in it; of plain prompts BOS and
  /// `### Instruction:\nINSTRUCTION\n\n### Input:\n`.
  public func opening(
    with instruction: String, in place: InstructionPlace, with tokenizer: Tokenizer
  ) -> [Int] {
    switch self {
    case .chat(let template): template.opening(with: instruction, in: place, with: tokenizer)
    case .plain:
      plain("### Instruction:\n\(instruction)\n\n### Input:\n", with: tokenizer)
    }
  }

  /// What a prefix editor of that blueprint reads, as above, in the tokens that it reads them in
  /// (`EditorConfiguration.opening`); nil for other editors.
  public func opening(
    with instruction: String, for editor: EditorConfiguration,
    _ instructions: InstructionTokenizer, with tokenizer: Tokenizer
  ) -> [Int]? {
    guard let place = editor.instructionPlace else { return nil }
    return editor.opening(with: instruction, instructions) {
      opening(with: $0, in: place, with: tokenizer)
    }
  }

  /// The response behind `prompt`, which is that of the row, and the token that ends it: what ends the
  /// assistant's turn, or the end of the text where the vocabulary has no such token.
  ///
  /// The prompt and the response are tokenized as one text where the prompt's tokens stay what they are,
  /// so that a response begins as the model would continue; otherwise (it begins with white space that
  /// would join the prompt's) the response is tokenized by itself.
  ///
  /// Throws `EditorTrainingError.noEndToken`.
  public func response(
    _ row: TrainingRow, after prompt: [Int], with tokenizer: Tokenizer
  ) throws(EditorTrainingError) -> [Int] {
    var whole: [Int]
    var end = tokenizer.eosToken
    switch self {
    case .chat(let template):
      let messages = [ChatMessage(.user, row.input), ChatMessage(.assistant, row.output)]
      whole = template.encode(messages, with: tokenizer, addGenerationPrompt: false)
      if let last = whole.lastIndex(where: tokenizer.endOfGenerationTokens.contains),
        last >= prompt.count
      {
        // What a template writes behind the end is no part of the answer.
        end = whole[last]
        whole.removeSubrange(last...)
      } else {
        whole = withoutClosing(messages, template, prompt, tokenizer)
      }
    case .plain:
      whole = plain(inputHeading(row) + row.output, with: tokenizer)
    }
    guard let end else { throw .noEndToken }
    guard whole.starts(with: prompt), whole.count > prompt.count else {
      return tokenizer.encode(row.output, addSpecial: false, parseSpecial: false) + [end]
    }
    return whole[prompt.count...] + [end]
  }

  /// The conversation up to what is said last, where the template's markup behind it is no token.
  private func withoutClosing(
    _ messages: [ChatMessage], _ template: ChatFamily, _ prompt: [Int], _ tokenizer: Tokenizer
  ) -> [Int] {
    func segments(_ messages: ArraySlice<ChatMessage>, _ addGenerationPrompt: Bool) -> [TextSegment]
    {
      template.segments(
        Array(messages), addGenerationPrompt: addGenerationPrompt,
        bos: tokenizer.bosToken.map(tokenizer.piece) ?? "",
        eos: tokenizer.eosToken.map(tokenizer.piece) ?? "")
    }
    let opening = tokenizer.encode(segments(messages.dropLast(), true), addSpecial: false)
    let said = segments(messages[...], false).reversed().drop(while: \.isMarkup).reversed()
    return prompt.prefix(prompt.count - opening.count)
      + tokenizer.encode(Array(said), addSpecial: false)
  }

  /// The index in `prompt` of the first token of the input, or of what follows an empty one.
  public func firstContent(with tokenizer: Tokenizer) -> Int {
    switch self {
    case .chat(let template): template.firstContentToken(after: .user, with: tokenizer)
    case .plain:
      plainPrefix(tokenizer).count
        + tokenizer.encode("### Input:\n", addSpecial: false, parseSpecial: false).count
    }
  }

  private func promptedMessage(_ row: TrainingRow) -> ChatMessage {
    ChatMessage(
      .user, row.input.isEmpty ? row.instruction : row.instruction + "\n" + row.input)
  }

  private func inputHeading(_ row: TrainingRow) -> String {
    "### Input:\n\(row.input)\n\n### Response:\n"
  }

  private func plain(_ text: String, with tokenizer: Tokenizer) -> [Int] {
    plainPrefix(tokenizer) + tokenizer.encode(text, addSpecial: false, parseSpecial: false)
  }

  private func plainPrefix(_ tokenizer: Tokenizer) -> [Int] {
    tokenizer.vocabulary.addsBOS ? tokenizer.bosToken.map { [$0] } ?? [] : []
  }
}
