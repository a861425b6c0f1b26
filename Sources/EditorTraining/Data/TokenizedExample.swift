import InstructionEditors
import LatentEditing
import Tokenization

/// An example as tokens.
public struct TokenizedExample: Sendable, Equatable {
  /// The row's index in its data.
  public let row: Int
  /// The instruction as editors read it: nothing appended.
  public internal(set) var instruction: [Int]
  /// What the edited processor sees before the response.
  public let prompt: [Int]
  /// The response and the token that ends it, unless it was cut: all of these are scored.
  public let response: [Int]
  /// What the prompted processor, the teacher, sees before the response.
  public internal(set) var prompted: [Int]

  package init(
    row: Int, instruction: [Int], prompt: [Int], response: [Int], prompted: [Int]
  ) {
    self.row = row
    self.instruction = instruction
    self.prompt = prompt
    self.response = response
    self.prompted = prompted
  }

  /// A text under an instruction that has nothing to do with it: the first token is the prompt, with the
  /// instruction and without, and the others are scored. The text has two tokens at least.
  package init(unrelated text: [Int], instruction: [Int]) {
    self.init(
      row: 0, instruction: instruction, prompt: [text[0]], response: Array(text.dropFirst()),
      prompted: [text[0]])
  }

  /// The prompt and the response without an instruction: what the unedited processor makes of them.
  package var unrelated: TokenizedExample { prompted(by: prompt) }

  /// The same with another prompt for the prompted processor.
  package func prompted(by prompted: [Int]) -> TokenizedExample {
    var example = self
    example.prompted = prompted
    return example
  }

  /// Tokens that the edited processor sees.
  public var length: Int { prompt.count + response.count }
}

/// Rows as tokens, none longer than they may be.
public struct TokenizedExamples: Sendable {
  /// How long sequences may be.
  public struct Limits: Sendable, Codable, Equatable {
    /// Of prompt and response.
    public var sequence: Int
    /// Of an instruction: the context of the editor's backbone.
    public var instruction: Int
    /// Whether the prompted prompt with the response must be as short too.
    public var includesPrompted: Bool
    /// Of a response; nil for as many as the sequence has room for.
    public var response: Int?

    /// Limits in tokens.
    public init(
      sequence: Int, instruction: Int, includesPrompted: Bool = true, response: Int? = nil
    ) {
      self.sequence = sequence
      self.instruction = instruction
      self.includesPrompted = includesPrompted
      self.response = response
    }
  }

  /// The examples, in the order of their rows.
  public private(set) var examples: [TokenizedExample] = []
  /// Rows whose response was cut at its end.
  public private(set) var cutRowCount = 0
  /// Tokens that were cut.
  public private(set) var cutTokenCount = 0
  /// Rows that were left out, because a prompt leaves no room for a response or the instruction is too
  /// long.
  public private(set) var problems = RowProblems()
  /// The index of the first token of the input in prompts.
  public let firstContent: Int

  /// Tokenizes the rows of these indices. Throws `EditorTrainingError.noEndToken` where the vocabulary has
  /// no token that could end a response, and `.option` for limits below 2.
  ///
  /// - Parameters:
  ///   - rows: all rows.
  ///   - indices: those to tokenize; nil for all.
  ///   - template: how prompts are written.
  ///   - tokenizer: the processor's, for prompts and responses.
  ///   - instructions: the editor's, for what it reads itself.
  ///   - limits: how long sequences may be.
  ///   - constant: what the editor reads in the place of every instruction; nil for the rows' own.
  ///   - prefix: the blueprint of a prefix editor, which reads the beginning of a conversation; nil for other editors.
  public init(
    _ rows: [TrainingRow], indices: [Int]? = nil, template: PromptTemplate, tokenizer: Tokenizer,
    instructions: InstructionTokenizer, limits: Limits, constant: [Int]? = nil,
    prefix: EditorConfiguration? = nil
  ) throws(EditorTrainingError) {
    guard limits.sequence >= 2, limits.instruction >= 1, limits.response ?? 1 >= 1 else {
      throw .option(
        name: "the longest sequence", found: "\(limits.sequence)", needed: "at least 2 tokens")
    }
    firstContent = template.firstContent(with: tokenizer)
    for index in indices ?? Array(rows.indices) {
      let row = rows[index]
      let prompt = template.prompt(row, with: tokenizer)
      let whole = TokenizedExample(
        row: index,
        instruction: constant
          ?? prefix.flatMap {
            template.opening(with: row.instruction, for: $0, instructions, with: tokenizer)
          }
          ?? instructions.tokens(of: row.instruction),
        prompt: prompt, response: try template.response(row, after: prompt, with: tokenizer),
        prompted: template.promptedPrompt(row, with: tokenizer))
      append(whole, row, limits, prefix)
    }
  }

  private mutating func append(
    _ example: TokenizedExample, _ row: TrainingRow, _ limits: Limits,
    _ prefix: EditorConfiguration?
  ) {
    func leaveOut(_ reason: String) {
      problems.append(RowProblem(row, reason))
    }
    guard !example.instruction.isEmpty else {
      leaveOut("the editor's tokenizer has no token for the instruction")
      return
    }
    let read =
      prefix.flatMap { $0.hasPrefixHeads ? $0.ownRange(of: example.instruction).count : nil }
      ?? example.instruction.count
    guard read <= limits.instruction else {
      leaveOut(
        "the instruction has \(read) tokens, and the editor reads at most "
          + "\(limits.instruction)")
      return
    }
    let edited =
      example.prompt.count + (prefix != nil ? example.instruction.count - firstContent : 0)
    let longest = limits.includesPrompted ? max(edited, example.prompted.count) : edited
    let room = limits.sequence - longest
    guard room >= 1 else {
      leaveOut(
        "the prompt has \(longest) tokens, and a sequence at most \(limits.sequence), the response "
          + "included")
      return
    }
    let most = min(room, limits.response ?? room)
    if example.response.count > most {
      cutRowCount += 1
      cutTokenCount += example.response.count - most
    }
    examples.append(
      TokenizedExample(
        row: example.row, instruction: example.instruction, prompt: example.prompt,
        response: Array(example.response.prefix(most)), prompted: example.prompted))
  }
}
