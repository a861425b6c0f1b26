import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import Tokenization

/// The rows that an editor is measured on, split as they were for training.
public struct EvaluationInput {
  /// All rows, of which examples name their own.
  public let rows: [TrainingRow]
  /// What is measured.
  public var data: EditorEvaluation.Data
  /// Whether answers are turns of a conversation.
  public let isChat: Bool
  /// Rows of each split whose response is longer than what is scored.
  public let cutRows: [Int]
  /// Rows that could not be used.
  public let problemCount: Int
  private let template: PromptTemplate

  /// Which rows are measured, and how much of them.
  public struct Selection: Sendable {
    /// Names of splits; nil for all that have rows.
    public var splits: [String]?
    /// Rows of each split.
    public var rows: Int
    /// Tokens of a response that are scored.
    public var responseTokens: Int
    /// Whether rows get others' instructions too, for which two are needed in each split.
    public var isShuffled: Bool

    /// A selection of rows.
    public init(
      splits: [String]? = nil, rows: Int = 200, responseTokens: Int = 128, isShuffled: Bool = true
    ) {
      self.splits = splits
      self.rows = rows
      self.responseTokens = responseTokens
      self.isShuffled = isShuffled
    }
  }

  /// Reads, splits and tokenizes the rows that were kept from a training.
  ///
  /// - Parameters:
  ///   - options: where rows are, and how they are split.
  ///   - selection: which splits, and how many rows of each.
  ///   - configuration: the processor's.
  ///   - tokenizer: the processor's.
  ///   - instructions: how the editor's instructions are tokenized.
  ///   - editor: the editor's blueprint.
  ///   - unrelated: a text, and how many windows of it; nil for none.
  /// - Throws: `EvaluationError`, `EditorTrainingError`, and what makes a file unreadable.
  public init(
    _ options: TrainingOptions, _ selection: Selection, configuration: ProcessorConfiguration,
    tokenizer: Tokenizer, instructions: InstructionTokenizer, editor: EditorConfiguration,
    unrelated: (path: String, windows: Int)? = nil
  ) throws {
    let found = try TrainingData(files: options.data, fields: options.fields)
    rows = found.rows
    let held = try DataSplit(rows, options.split, needsTraining: false).heldOut
    let template = try PromptTemplate(
      name: options.chatTemplate, for: tokenizer.vocabulary)
    self.template = template
    isChat = template != .plain
    let limits = options.limits(
      for: configuration,
      instruction: editor.instructionLimit,
      response: selection.responseTokens)
    let prefix = editor.interface.isPrefix ? editor : nil
    func opening(_ text: String) -> [Int]? {
      prefix.flatMap { template.opening(with: text, for: $0, instructions, with: tokenizer) }
    }
    func read(_ text: String) -> [Int] {
      let tokens =
        opening(text)
        ?? Array(instructions.tokens(of: text).prefix(editor.instructionLimit))
      return tokens.isEmpty ? instructions.empty : tokens
    }
    var splits: [HeldOutSplit] = []
    var cutRows: [Int] = []
    var problems = found.problems.count
    for name in selection.splits ?? held.map(\.name) {
      guard let indices = held.first(where: { $0.name == name })?.rows else {
        throw EvaluationError.emptySplit(name: name, known: held.map(\.name))
      }
      let examples = try TokenizedExamples(
        rows, indices: Array(indices.prefix(selection.rows)), template: template,
        tokenizer: tokenizer, instructions: instructions, limits: limits, prefix: prefix)
      problems += examples.problems.count
      cutRows.append(examples.cutRowCount)
      guard examples.examples.count > (selection.isShuffled ? 1 : 0) else {
        throw EvaluationError.tooFewRows(split: name, found: examples.examples.count)
      }
      var split = HeldOutSplit(name: name, unshuffled: examples.examples)
      if selection.isShuffled {
        do {
          split = try HeldOutSplit(
            name: name, examples: examples.examples, rows: rows, template: template,
            tokenizer: tokenizer, seed: options.run.seed)
        } catch {
          guard case .oneInstruction(let count) = error else { throw error }
          throw EvaluationError.oneInstruction(split: name, rows: count)
        }
      }
      split.addMeaningless(rows: rows, template: template, tokenizer: tokenizer, read: read)
      splits.append(split)
    }
    guard !splits.isEmpty else { throw EvaluationError.emptySplit(name: "unseen", known: []) }
    problemCount = problems
    self.cutRows = cutRows
    data = EditorEvaluation.Data(
      splits: splits, firstContent: template.firstContent(with: tokenizer),
      emptyInstruction: opening("") ?? instructions.empty,
      unrelated: try unrelated.map {
        Array(try Self.windows($0.path, tokenizer).prefix($0.windows))
      } ?? [])
    guard !data.unrelated.isEmpty else { return }
    data.unrelatedBeginsWithBOS = tokenizer.vocabulary.addsBOS && tokenizer.bosToken != nil
    // Of others the opening is what the processor reads of it in a prompt, too.
    guard prefix == nil || editor.hasPrefixHeads else { return }
    let texts =
      splits.flatMap(\.examples).map {
        ($0.example.instruction, rows[$0.example.row].instruction)
      }
      + MeaninglessInstruction.allCases.flatMap(\.texts).map { (read($0), $0) }
    for (tokens, text) in texts where data.openings[tokens] == nil {
      data.openings[tokens] = template.opening(
        with: text, in: editor.instructionPlace ?? .user, with: tokenizer)
    }
  }

  /// An instruction without words as an editor of that blueprint reads it, by its own tokenizer and beside the processor's.
  func emptyInstruction(
    of editor: EditorConfiguration, _ instructions: InstructionTokenizer, _ tokenizer: Tokenizer
  ) -> [Int] {
    template.opening(with: "", for: editor, instructions, with: tokenizer) ?? instructions.empty
  }

  /// A text in windows of 128 tokens, each with the token that begins texts in its first place where the
  /// vocabulary has texts begin so.
  private static func windows(_ path: String, _ tokenizer: Tokenizer) throws -> [[Int]] {
    try TrainingInput.windows(path, tokenizer, of: 128).map { window in
      guard tokenizer.vocabulary.addsBOS, let bos = tokenizer.bosToken else { return window }
      return [bos] + window.dropFirst()
    }
  }
}
