import ArgumentParser
import EditorTraining
import LatentEditing
import Tokenization

/// The rows of a training, tokenized and split.
struct TrainingInput {
  let data: Trainer.Data
  /// What there is, in words.
  let summary: String
  /// The first rows that were left out, and why.
  let problems: [RowProblem]

  init(_ command: Train, _ opened: OpenedModel, _ editor: EditorConfiguration) throws {
    if let sizes = command.randomRows {
      data = try TrainingInput.random(sizes, opened, seed: command.training.seed)
      summary = "random tokens, \(sizes)"
      problems = []
      return
    }
    let names = command.fields.split(separator: ",").map(String.init)
    let rows = try TrainingData(
      files: command.data.map(TrainingInput.file),
      fields: RowFields(instruction: names[0], input: names[1], output: names[2]))
    let split = try DataSplit(rows.rows, .init(seed: command.training.seed))
    let template = try PromptTemplate(
      name: command.templateOptions.chatTemplate, for: opened.tokenizer.vocabulary)
    let limits = TokenizedExamples.Limits(
      sequence: command.training.maxSeqLength,
      instruction: min(editor.instructionLimit, opened.configuration.contextLength))
    func tokenized(_ indices: [Int]) throws -> TokenizedExamples {
      try TokenizedExamples(
        rows.rows, indices: indices, template: template, tokenizer: opened.tokenizer,
        limits: limits)
    }
    let train = try tokenized(split.train)
    guard !train.examples.isEmpty else { throw EditorTrainingError.noExamples }
    var validation: [(name: String, examples: [HeldOutExample])] = []
    for (name, indices) in [
      ("seen", split.seen), ("unseen", split.unseen), ("compositional", split.compositional),
    ] where !indices.isEmpty {
      let examples = try tokenized(Array(indices.prefix(command.validationRows)))
      validation.append(
        (
          name,
          try TrainingInput.heldOut(
            examples.examples, rows.rows, template, opened.tokenizer, seed: command.training.seed)
        ))
    }
    data = Trainer.Data(
      train: train.examples, files: train.examples.map { rows.fileOfRow[$0.row] },
      weights: rows.files.map(\.weight), firstContent: train.firstContent, validation: validation)
    problems = rows.problems.first + train.problems.first
    let held = validation.map { "\($0.examples.count) \($0.name)" }.joined(separator: ", ")
    summary =
      "\(train.examples.count) to train on, to validate with \(held.isEmpty ? "none" : held)"
      + (train.cutRowCount > 0
        ? "; \(train.cutRowCount) responses cut by \(train.cutTokenCount) tokens" : "")
      + (problems.isEmpty
        ? "" : "; \(rows.problems.count + train.problems.count) left out")
  }

  /// `FILE[:WEIGHT]`; a colon with nothing after it that reads as a number is part of the name.
  private static func file(_ text: String) -> TrainingDataFile {
    if let colon = text.lastIndex(of: ":"), let weight = Double(text[text.index(after: colon)...]) {
      return TrainingDataFile(path: String(text[..<colon]), weight: weight)
    }
    return TrainingDataFile(path: text)
  }

  /// Each example with the instruction of another one.
  static func heldOut(
    _ examples: [TokenizedExample], _ rows: [TrainingRow], _ template: PromptTemplate,
    _ tokenizer: Tokenizer, seed: UInt64
  ) throws -> [HeldOutExample] {
    guard examples.count > 1 else { return [] }
    let others = try shuffledInstructions(
      examples.map { rows[$0.row].instruction }, seed: seed)
    return zip(examples, others).map { example, other in
      var row = rows[example.row]
      row.instruction = rows[examples[other].row].instruction
      return HeldOutExample(
        example: example, otherInstruction: examples[other].instruction,
        otherPrompted: template.promptedPrompt(row, with: tokenizer))
    }
  }

  /// `BxTxI`: B sequences of T tokens, all but the first of which are scored, with instructions of I.
  private static func random(
    _ text: String, _ opened: OpenedModel, seed: UInt64
  ) throws -> Trainer.Data {
    let sizes = text.split(separator: "x").compactMap { Int($0) }
    guard sizes.count == 3, sizes[1] >= 2, sizes.allSatisfy((1...65536).contains) else {
      throw ValidationError("--random-rows is \(text), and must be like 4x128x24")
    }
    return Trainer.Data(
      randomSequences: sizes[0], tokens: sizes[1], instructionTokens: sizes[2],
      vocabularySize: opened.configuration.vocabularySize, seed: seed)
  }
}
