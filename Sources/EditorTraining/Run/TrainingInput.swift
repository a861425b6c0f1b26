import LanguageModels
import LatentEditing
import ModelFiles
import Tokenization

/// The rows of a training, tokenized and split.
public struct TrainingInput {
  /// The examples.
  public private(set) var data: Trainer.Data
  /// What there is, in words.
  public let summary: String
  /// The first rows that were left out, and why.
  public let problems: [RowProblem]
  /// How many were left out.
  public let leftOut: Int

  /// Examples that are tokens already.
  package init(_ data: Trainer.Data) {
    self.data = data
    summary = "\(data.train.count) to train on"
    problems = []
    leftOut = 0
  }

  /// Reads, splits and tokenizes the rows of a training.
  ///
  /// - Parameters:
  ///   - options: where rows are, and how they are split and written.
  ///   - randomRows: random tokens in the place of rows; nil for rows.
  ///   - given: rows and their split, in the place of those of the options' files.
  ///   - configuration: the processor's.
  ///   - tokenizer: the processor's.
  ///   - network: what is trained.
  /// - Throws: `EditorTrainingError`, and what makes a file unreadable.
  public init(
    _ options: TrainingOptions, randomRows: RandomRows? = nil,
    given: (rows: TrainingData, split: DataSplit)? = nil,
    configuration: ProcessorConfiguration, tokenizer: Tokenizer, for network: TrainedNetwork
  ) throws {
    let seed = options.run.seed
    if let randomRows {
      data = Trainer.Data(
        randomSequences: randomRows.sequences, tokens: randomRows.tokens,
        instructionTokens: randomRows.instructionTokens,
        vocabularySize: configuration.vocabularySize,
        instructionVocabularySize: network.instructionVocabularySize,
        firstInstructionToken: network.firstInstructionToken, seed: seed)
      data.origin = [("random_rows", "\(randomRows)")]
      summary = "random tokens, \(randomRows)"
      problems = []
      leftOut = 0
      return
    }
    let rows = try given?.rows ?? TrainingData(files: options.data, fields: options.fields)
    let split = try given?.split ?? DataSplit(rows.rows, options.split)
    let template = try PromptTemplate(
      name: options.chatTemplate, for: tokenizer.vocabulary)
    let limits = options.limits(
      for: configuration, instruction: network.instructionLimit)
    let instructions = network.instructionTokenizer(processor: tokenizer)
    let constant =
      !options.editor.isConstant
      ? nil
      : network.prefixConfiguration.flatMap {
        template.opening(with: "", for: $0, instructions, with: tokenizer)
      } ?? instructions.empty
    func tokenized(
      _ rows: [TrainingRow], _ indices: [Int]? = nil
    ) throws(EditorTrainingError) -> TokenizedExamples {
      try TokenizedExamples(
        rows, indices: indices, template: template, tokenizer: tokenizer,
        instructions: instructions, limits: limits, constant: constant,
        prefix: network.prefixConfiguration)
    }
    let train = try tokenized(rows.rows, split.train)
    guard !train.examples.isEmpty else { throw EditorTrainingError.noExamples }
    var validation: [(name: String, examples: [HeldOutExample])] = []
    for (name, indices) in split.heldOut {
      let examples = try tokenized(
        rows.rows, Array(indices.prefix(options.validation.rows)))
      // One row has no other one's instruction to be measured with.
      guard examples.examples.count > 1 else { continue }
      let held = try HeldOutSplit(
        name: name, examples: examples.examples, rows: rows.rows, template: template,
        tokenizer: tokenizer, seed: seed)
      validation.append((name, held.examples))
    }
    let groups = RowGroups(
      train.examples.map(\.row), of: rows, familyRows: options.run.familyRows)
    data = Trainer.Data(
      train: train.examples, files: groups.ofExample, weights: groups.weights,
      firstContent: train.firstContent, validation: validation)
    if options.objective.regularizers[.locality] > 0 {
      let objective = options.objective
      var prose: [TokenizedExample] = []
      var answers: [TokenizedExample] = []
      for path in objective.localityTexts ?? [] {
        guard ObjectiveOptions.isRows(path) else {
          prose += try TrainingInput.windows(path, tokenizer, of: limits.sequence / 2)
            .map { TokenizedExample(unrelated: $0, instruction: []) }
          continue
        }
        answers += try TrainingInput.answers(path, options.fields) {
          rows throws(EditorTrainingError) in try tokenized(rows).examples
        }
      }
      let idle =
        try objective.localityInstructions.map {
          try TrainingInput.idle($0) { rows throws(EditorTrainingError) in
            try tokenized(rows).examples
          }
        } ?? []
      data.locality = LocalityData(prose: prose, answers: answers, idle: idle)
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

  /// The rows of a file of JSON, without their instructions.
  private static func answers(
    _ path: String, _ fields: RowFields,
    _ tokenize: ([TrainingRow]) throws(EditorTrainingError) -> [TokenizedExample]
  ) throws -> [TokenizedExample] {
    let rows = try TrainingData(files: [TrainingDataFile(path: path)], fields: fields).rows
    let examples = try tokenize(rows).map(\.unrelated)
    guard !examples.isEmpty else {
      throw EditorTrainingError.option(
        name: "locality_text", found: "\(path) with \(rows.count) rows",
        needed: "a row at least that has room for its answer")
    }
    return examples
  }

  /// The instructions on the lines of a text, as the editor reads them.
  private static func idle(
    _ path: String, _ tokenize: ([TrainingRow]) throws(EditorTrainingError) -> [TokenizedExample]
  ) throws -> [[Int]] {
    let lines = TextFile.lines(try TextFile.read(path)).filter { !$0.allSatisfy(\.isWhitespace) }
    let read = try tokenize(lines.map { TrainingRow(instruction: String($0), output: ".") })
    guard !read.isEmpty else {
      throw EditorTrainingError.option(
        name: "locality_instructions", found: "\(path) with \(lines.count) instructions",
        needed: "an instruction a line that the editor has room for")
    }
    return read.map(\.instruction)
  }

  /// A text in sequences of `size` tokens.
  package static func windows(
    _ path: String, _ tokenizer: Tokenizer, of size: Int
  ) throws -> [[Int]] {
    let ids = tokenizer.encode(try TextFile.read(path), addSpecial: false, parseSpecial: false)
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
}

/// Random tokens to train on, for speed and memory, written `BxTxI`.
public struct RandomRows: Sendable, Equatable, CustomStringConvertible {
  /// B: sequences.
  public let sequences: Int
  /// T: tokens of each, all but the first of which are scored.
  public let tokens: Int
  /// I: tokens of each one's instruction.
  public let instructionTokens: Int

  /// Reads `4x128x24`; nil where it is written otherwise.
  public init?(_ text: String) {
    let sizes = text.split(separator: "x").compactMap { Int($0) }
    guard sizes.count == 3, sizes[1] >= 2, sizes.allSatisfy((1...65536).contains) else {
      return nil
    }
    (sequences, tokens, instructionTokens) = (sizes[0], sizes[1], sizes[2])
  }

  /// As it is written.
  public var description: String { "\(sequences)x\(tokens)x\(instructionTokens)" }
}
