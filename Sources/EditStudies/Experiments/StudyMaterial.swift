import EditEvaluation
import EditSessions
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import Tokenization

/// A row that a study measures.
struct StudyRow: Sendable {
  let instruction: String
  let family: String
  let input: String
  let output: String
  /// Families that it is made of one after the other; none of a single one.
  let parts: [String]
  let tokens: EditedRuns.Row
  /// Which half it is in; rows of one instruction are in the same.
  let isInSecondHalf: Bool
}

/// What the experiments on one editor have in common: the model, the editor, rows of unseen wordings, known
/// instructions and their mean edit.
final class StudyMaterial {
  let configuration: StudyConfiguration
  let editor: StudiedEditor
  /// The editor's file.
  let editorPath: String
  let runs: EditedRuns
  let rows: [StudyRow]
  /// Rows of two known families one after the other, and of families that were not trained on.
  let pairs: [StudyRow]
  let otherFamilies: [StudyRow]
  /// What rows and instructions are drawn from.
  let data: StudyData
  /// Instructions that the editor may have been trained with, at most `knownPerFamily` of a family.
  let known: [KnownInstructions.Entry]
  let tokenizer: Tokenizer
  let bootstrap: Bootstrap
  /// Measured when it is first asked for.
  private(set) lazy var mean: Result<MeanEdit, any Error> = Result {
    try editor.mean(of: known) { [progress] number, _ in
      try progress("reading", Double(number + 1) / Double(self.known.count))
    }
  }
  /// The edits of the known instructions among each other, made when they are first asked for.
  private(set) lazy var neighbourhood: Result<Neighbourhood, any Error> = Result {
    var found = Neighbourhood()
    for (number, entry) in known.enumerated() {
      found.append(try editor.compile(editor.write(entry.text)), layers: editor.layerCount)
      try progress("reading", Double(number + 1) / Double(known.count))
    }
    found.finish()
    return found
  }
  let progress: (String, Double) throws -> Void
  private let template: PromptTemplate
  /// Gradients between the mean edit and an edit, made when they are first asked for.
  private(set) lazy var path: Result<PathGradients, any Error> = Result {
    try PathGradients.planned(
      editor.loaded, points: configuration.pathPoints, length: runs.contextLength)
  }

  /// What a reader of edits is asked.
  static let question = "What were you asked to do?"
  private static let sequences = 24
  private static let responseTokens = 64
  private static let windowTokens = 96
  let longestPrompt: Int
  /// Most tokens of a window of unrelated text.
  let longestWindow = windowTokens + 1
  /// Bytes that may be taken; nil for what there is.
  let memoryLimit: Int?

  init(
    _ configuration: StudyConfiguration, _ data: StudyData, _ opened: OpenedModel,
    editor path: String,
    isStopRequested: @escaping () -> Bool, progress: @escaping (String, Double) throws -> Void
  ) throws {
    self.configuration = configuration
    editorPath = path
    self.progress = progress
    self.data = data
    tokenizer = opened.tokenizer
    memoryLimit = opened.settings.memoryLimit
    known = data.known(perFamily: configuration.knownPerFamily)
    bootstrap = Bootstrap(
      resamples: configuration.resamples, seed: configuration.seed, level: configuration.level,
      drawsFamilies: true)
    let file = try OpenedEditor(path: path)
    try StudiedEditor.check(file)
    let template = try PromptTemplate(
      name: configuration.chatTemplate, for: opened.tokenizer.vocabulary)
    self.template = template
    rows = try data.rows.map { row, isInSecondHalf in
      try Self.row(row, isInSecondHalf, template, opened.tokenizer)
    }
    pairs = try Self.rows(data.pairs, template, opened.tokenizer)
    otherFamilies = try Self.rows(data.otherFamilies, template, opened.tokenizer)
    let instructions = try file.instructionTokenizer(processor: opened.tokenizer)
    func opening(_ text: String) -> Int {
      template.opening(
        with: text, for: file.configuration, instructions, with: opened.tokenizer)?.count ?? 1
    }
    let all = rows + pairs + otherFamilies
    let reviews = data.reviews.map { $0.test + $0.training } ?? []
    let changes = data.reviews == nil ? [] : CounterfactualExperiment.instructions
    let reviewed =
      reviews.map {
        template.promptedPrompt(
          TrainingRow(
            instruction: CounterfactualExperiment.longestQuestion,
            input: CounterfactualExperiment.input($0), output: "x"), with: opened.tokenizer
        ).count
      }.max() ?? 0
    let texts =
      known.map(\.text) + changes + all.map(\.instruction)
      + rows.flatMap { row in
        InstructionChange.allCases.map { $0.applied(to: row.instruction, number: 0) }
      }
    let front = texts.map(opening).max() ?? 1
    let question = template.prompt(
      TrainingRow(instruction: "x", input: Self.question, output: "x"), with: opened.tokenizer)
    let longest = all.map { $0.tokens.prompt.count }.max() ?? 0
    let prompted =
      all.map {
        template.promptedPrompt(
          TrainingRow(instruction: $0.instruction, input: $0.input, output: "x"),
          with: opened.tokenizer
        ).count
      }.max() ?? 0
    longestPrompt = longest
    let shown =
      configuration.experiments.contains { $0.kind == .functionVectors }
      ? FewShotTasks.promptTokens : 0
    let needed =
      max(
        front + max(longest, Self.windowTokens, reviewed, question.count), prompted, shown)
      + Self.responseTokens + 2
    guard needed <= opened.configuration.contextLength else {
      throw StudyError.tooLong(
        what: "the longest row", tokens: needed, most: opened.configuration.contextLength)
    }
    let loaded = try opened.load(contextLength: needed, states: 2 + Self.sequences)
    editor = try StudiedEditor(file, on: loaded, template: template)
    runs = try EditedRuns(beside: loaded.state, sequences: Self.sequences)
    runs.isStopRequested = isStopRequested
  }

  private static func rows(
    _ rows: [TrainingRow], _ template: PromptTemplate, _ tokenizer: Tokenizer
  ) throws -> [StudyRow] {
    try rows.enumerated().map { try row($1, $0 % 2 == 1, template, tokenizer) }
  }

  private static func row(
    _ row: TrainingRow, _ isInSecondHalf: Bool, _ template: PromptTemplate, _ tokenizer: Tokenizer
  ) throws -> StudyRow {
    let prompt = template.prompt(row, with: tokenizer)
    let response = try template.response(row, after: prompt, with: tokenizer)
    return StudyRow(
      instruction: row.instruction, family: row.family ?? row.instruction, input: row.input,
      output: row.output, parts: row.parts,
      tokens: .init(prompt: prompt, response: Array(response.prefix(responseTokens))),
      isInSecondHalf: isInSecondHalf)
  }

  /// `text` as it is said behind `prompt`, its end among it, cut where it is long. Throws `noEndToken`.
  func response(_ text: String, after prompt: [Int]) throws -> [Int] {
    let row = TrainingRow(instruction: text, input: Self.question, output: text)
    return Array(
      try template.response(row, after: prompt, with: tokenizer).prefix(Self.responseTokens))
  }

  /// A row of training.
  func row(_ row: TrainingRow) throws -> StudyRow {
    try Self.row(row, false, template, tokenizer)
  }

  /// What is done with the rows' edits: of `instruction` and, in its place, the mean edit.
  func edits(_ instruction: String) throws -> (
    written: WrittenEdit, edit: CompiledEdit, mean: CompiledEdit
  ) {
    let written = try editor.write(instruction)
    return (
      written, try editor.compile(written),
      try editor.compile(mean.get().inPlace(of: written))
    )
  }

  /// Integrated gradients from the mean edit to `written` of what `row` loses, and the states of both.
  func gradients(
    _ row: EditedRuns.Row, _ written: WrittenEdit, _ edit: CompiledEdit
  ) throws -> (found: PathGradients.Found, edited: [Float], mean: [Float]) {
    let first = row.prompt[0]
    let edited = try editor.states(of: written, firstToken: first)
    let mean = try editor.states(of: self.mean.get().inPlace(of: written), firstToken: first)
    let found = try path.get().measure(
      edit.tokens(for: row.prompt) + row.response, responseCount: row.response.count, from: mean,
      to: edited, tokenCount: edit.positions.count)
    return (found, edited, mean)
  }

  /// Answers, with the ends of answers known.
  func answers(
    _ prompts: [(tokens: [Int], edit: CompiledEdit?)], maximumTokens: Int = 32
  ) throws -> [[Int]] {
    try runs.answers(
      prompts, maximumTokens: maximumTokens, ends: tokenizer.endOfGenerationTokens)
  }

  /// Families of the rows, for the bootstrap.
  var families: [String?] { rows.map(\.family) }
  /// How many there are.
  var clusters: Int { Set(rows.map(\.family)).count }

  /// The first row of each family, of those alone that have known instructions where that is asked for.
  func firstOfFamilies(known isKnown: Bool = false) -> [StudyRow] {
    let families = Set(known.map(\.family))
    var seen: Set<String> = []
    return rows.filter {
      (!isKnown || families.contains($0.family)) && seen.insert($0.family).inserted
    }
  }

  /// Estimates of shares: of each list of losses, a row each, (sum mean - loss) / (sum mean - edited).
  func shares(
    _ losses: [[Double]], mean: [Double], edited: [Double], of rows: [StudyRow]? = nil
  ) -> [Estimate?] {
    let rows = rows ?? self.rows
    return bootstrap.estimates(count: rows.count, families: rows.map(\.family)) { times in
      let (meanSum, editedSum) = (drawnSum(mean, times), drawnSum(edited, times))
      return losses.map {
        meanSum > editedSum ? (meanSum - drawnSum($0, times)) / (meanSum - editedSum) : .nan
      }
    }
  }

  /// Estimates of losses, nat a token.
  func losses(_ losses: [[Double]], of rows: [StudyRow]? = nil) -> [Estimate?] {
    let rows = rows ?? self.rows
    let counts = rows.map(\.tokens.response.count)
    return bootstrap.estimates(count: rows.count, families: rows.map(\.family)) { times in
      let tokens = drawnSum(counts, times)
      return losses.map { drawnSum($0, times) / tokens }
    }
  }

  /// Estimates of means over the rows.
  func means(_ values: [[Double]], of rows: [StudyRow]? = nil) -> [Estimate?] {
    means(values, families: (rows ?? self.rows).map(\.family))
  }

  /// Estimates of means over as many values as there are `families`, each of its own.
  func means(_ values: [[Double]], families: [String?]) -> [Estimate?] {
    bootstrap.estimates(count: families.count, families: families) { times in
      let count = Double(times.reduce(0, +))
      return values.map { drawnSum($0, times) / count }
    }
  }

  /// Inputs that the instructions of the row's family are for: its own, and those of training, of as many as there are.
  func inputs(like row: StudyRow, count: Int) -> [String] {
    var found = [row.input]
    for other in data.training where (other.family ?? other.instruction) == row.family {
      guard found.count < count else { break }
      guard !found.contains(other.input), editor.prompt(other.input).count <= longestPrompt else {
        continue
      }
      found.append(other.input)
    }
    // Of families that are not trained on.
    for other in otherFamilies where other.family == row.family && found.count < count {
      if !found.contains(other.input) { found.append(other.input) }
    }
    return found
  }

  /// Windows of the unrelated text.
  func windows() throws -> [[Int]] {
    let text =
      try configuration.unrelated.map { try TextFile.read($0) }
      ?? String(decoding: PackageResources.unrelated_txt, as: UTF8.self)
    let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let size = min(Self.windowTokens, tokens.count)
    guard size >= 4 else {
      throw StudyError.shortText(
        path: configuration.unrelated ?? "the text that is built in", tokens: tokens.count,
        needed: 4)
    }
    return (0..<min(8, tokens.count / size)).map {
      textBeginning + tokens[$0 * size..<($0 + 1) * size]
    }
  }

  /// The token that texts begin with, where the vocabulary has one.
  var textBeginning: [Int] {
    tokenizer.vocabulary.addsBOS ? tokenizer.bosToken.map { [$0] } ?? [] : []
  }
}
