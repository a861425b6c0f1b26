import ArgumentParser
import EditEvaluation
import EditorTraining
import LatentEditing
import Tokenization

/// The rows that an editor is measured on, split as they were for training.
struct EvaluationInput {
  let rows: [TrainingRow]
  var data: EditorEvaluation.Data
  /// Whether answers are turns of a conversation.
  let isChat: Bool
  /// Rows of each split whose response is longer than what is scored.
  let cutRows: [Int]
  /// Rows that could not be used.
  let problemCount: Int

  /// - Parameters:
  ///   - options: where rows are, and how they are split.
  ///   - arguments: which splits, and how many rows of each.
  ///   - opened: the model.
  ///   - editor: the editor's file.
  ///   - unrelated: a text, and how many windows of it; nil for none.
  init(
    _ options: TrainingOptions, _ arguments: EvaluationArguments, _ opened: OpenedModel,
    _ editor: String, unrelated: (path: String, windows: Int)?
  ) throws {
    let tokenizer = opened.tokenizer
    let instructions = try Editor.instructionTokenizer(path: editor, processor: tokenizer)
    let found = try TrainingData(files: options.data, fields: options.fields)
    rows = found.rows
    let held = try DataSplit(rows, options.split, needsTraining: false).heldOut
    let template = try PromptTemplate(
      name: options.chatTemplate, for: tokenizer.vocabulary)
    isChat = template != .plain
    let limits = options.limits(
      for: opened.configuration,
      instruction: try Editor.configuration(path: editor).instructionLimit,
      response: arguments.responseTokens)
    let place = try Editor.configuration(path: editor).instructionPlace
    var splits: [HeldOutSplit] = []
    var cutRows: [Int] = []
    var problems = found.problems.count
    for name in arguments.chosenSplits ?? held.map(\.name) {
      guard let indices = held.first(where: { $0.name == name })?.rows else {
        throw EvaluationError.emptySplit(name: name, known: held.map(\.name))
      }
      let examples = try TokenizedExamples(
        rows, indices: Array(indices.prefix(arguments.rows)), template: template,
        tokenizer: tokenizer, instructions: instructions, limits: limits, place: place)
      problems += examples.problems.count
      cutRows.append(examples.cutRowCount)
      guard examples.examples.count > 1 else { throw EvaluationError.oneRow(split: name) }
      splits.append(
        try HeldOutSplit(
          name: name, examples: examples.examples, rows: rows, template: template,
          tokenizer: tokenizer, seed: options.run.seed))
    }
    guard !splits.isEmpty else { throw EvaluationError.emptySplit(name: "unseen", known: []) }
    problemCount = problems
    self.cutRows = cutRows
    data = EditorEvaluation.Data(
      splits: splits, firstContent: template.firstContent(with: tokenizer),
      emptyInstruction: place.map { template.opening(with: "", in: $0, with: tokenizer) }
        ?? instructions.empty,
      unrelated: try unrelated.map {
        Array(try Self.windows($0.path, tokenizer).prefix($0.windows))
      } ?? [])
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
