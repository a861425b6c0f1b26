import ArgumentParser
import EditorTraining
import LatentEditing
import Tokenization

/// The rows of a training, tokenized and split.
struct TrainingInput {
  private(set) var data: Trainer.Data
  /// What there is, in words.
  let summary: String
  /// The first rows that were left out, and why.
  let problems: [RowProblem]
  /// How many were left out.
  let leftOut: Int

  init(
    _ options: TrainingOptions, randomRows: String?, _ opened: OpenedModel,
    for network: TrainedNetwork
  ) throws {
    let seed = options.run.seed
    if let randomRows {
      data = try TrainingInput.random(randomRows, opened, network, seed: seed)
      data.origin = [("random_rows", randomRows)]
      summary = "random tokens, \(randomRows)"
      problems = []
      leftOut = 0
      return
    }
    let rows = try TrainingData(files: options.data, fields: options.fields)
    let split = try DataSplit(rows.rows, options.split)
    let template = try PromptTemplate(
      name: options.chatTemplate, for: opened.tokenizer.vocabulary)
    let limits = options.limits(
      for: opened.configuration, instruction: network.instructionLimit)
    let instructions = network.instructionTokenizer(processor: opened.tokenizer)
    let constant =
      !options.editor.isConstant
      ? nil
      : network.instructionPlace.map {
        template.opening(with: "", in: $0, with: opened.tokenizer)
      } ?? instructions.empty
    func tokenized(_ indices: [Int]) throws -> TokenizedExamples {
      try TokenizedExamples(
        rows.rows, indices: indices, template: template, tokenizer: opened.tokenizer,
        instructions: instructions, limits: limits, constant: constant,
        place: network.instructionPlace)
    }
    let train = try tokenized(split.train)
    guard !train.examples.isEmpty else { throw EditorTrainingError.noExamples }
    var validation: [(name: String, examples: [HeldOutExample])] = []
    for (name, indices) in split.heldOut {
      let examples = try tokenized(Array(indices.prefix(options.validation.rows)))
      // One row has no other one's instruction to be measured with.
      guard examples.examples.count > 1 else { continue }
      let held = try HeldOutSplit(
        name: name, examples: examples.examples, rows: rows.rows, template: template,
        tokenizer: opened.tokenizer, seed: seed)
      validation.append((name, held.examples))
    }
    let groups = RowGroups(
      train.examples.map(\.row), of: rows, familyRows: options.run.familyRows)
    data = Trainer.Data(
      train: train.examples, files: groups.ofExample, weights: groups.weights,
      firstContent: train.firstContent, validation: validation)
    if let path = options.objective.localityText, options.objective.locality > 0 {
      data.locality = try TrainingInput.windows(path, opened.tokenizer, of: limits.sequence / 2)
    }
    data.origin = options.dataOrigin
    problems = rows.problems.first + train.problems.first
    leftOut = rows.problems.count + train.problems.count
    let held = validation.map { "\($0.examples.count) \($0.name)" }.joined(separator: ", ")
    summary =
      "\(train.examples.count) to train on, to validate with \(held.isEmpty ? "none" : held)"
      + (train.cutRowCount > 0
        ? "; \(train.cutRowCount) responses cut by \(train.cutTokenCount) tokens" : "")
      + (leftOut == 0 ? "" : "; \(leftOut) left out")
  }

  /// A text in sequences of `size` tokens.
  static func windows(
    _ path: String, _ tokenizer: Tokenizer, of size: Int
  ) throws -> [[Int]] {
    let ids = tokenizer.encode(try TextInput.read(path), addSpecial: false, parseSpecial: false)
    let windows = stride(from: 0, to: ids.count - size + 1, by: size).map {
      Array(ids[$0..<$0 + size])
    }
    guard !windows.isEmpty else {
      throw EditorTrainingError.option(
        name: "locality_text", found: "\(path) with \(ids.count) tokens",
        needed: "a text of at least \(size) tokens")
    }
    return windows
  }

  /// `BxTxI`: B sequences of T tokens, all but the first of which are scored, with instructions of I.
  private static func random(
    _ text: String, _ opened: OpenedModel, _ network: TrainedNetwork, seed: UInt64
  ) throws -> Trainer.Data {
    let sizes = text.split(separator: "x").compactMap { Int($0) }
    guard sizes.count == 3, sizes[1] >= 2, sizes.allSatisfy((1...65536).contains) else {
      throw ValidationError("--random-rows is \(text), and must be like 4x128x24")
    }
    return Trainer.Data(
      randomSequences: sizes[0], tokens: sizes[1], instructionTokens: sizes[2],
      vocabularySize: opened.configuration.vocabularySize,
      instructionVocabularySize: network.instructionVocabularySize, seed: seed)
  }
}
