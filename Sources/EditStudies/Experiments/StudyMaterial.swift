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
  let output: String
  let tokens: EditedRuns.Row
  /// Which half it is in; rows of one instruction are in the same.
  let isInSecondHalf: Bool
}

/// What the experiments on one editor have in common: the model, the editor, rows of unseen wordings, known
/// instructions and their mean edit.
final class StudyMaterial {
  let configuration: StudyConfiguration
  let editor: StudiedEditor
  let runs: EditedRuns
  let rows: [StudyRow]
  /// Instructions that the editor may have been trained with, at most `perFamily` of a family.
  let known: [KnownInstructions.Entry]
  let tokenizer: Tokenizer
  let bootstrap: Bootstrap
  /// Measured when it is first asked for.
  private(set) lazy var mean: Result<MeanEdit, any Error> = Result {
    try editor.mean(of: known) { [progress] number, _ in
      try progress("reading", Double(number + 1) / Double(self.known.count))
    }
  }
  let progress: (String, Double) throws -> Void

  private static let sequences = 24
  private static let perFamily = 4
  private static let responseTokens = 64
  private static let windowTokens = 96

  init(
    _ configuration: StudyConfiguration, _ data: StudyData, _ opened: OpenedModel,
    editor path: String,
    isStopRequested: @escaping () -> Bool, progress: @escaping (String, Double) throws -> Void
  ) throws {
    self.configuration = configuration
    self.progress = progress
    tokenizer = opened.tokenizer
    known = data.known(perFamily: Self.perFamily)
    bootstrap = Bootstrap(
      resamples: configuration.resamples, seed: configuration.seed, level: configuration.level,
      drawsFamilies: true)
    let file = try OpenedEditor(path: path)
    try StudiedEditor.check(file)
    let template = try PromptTemplate(
      name: configuration.chatTemplate, for: opened.tokenizer.vocabulary)
    rows = try data.rows.map { row, isInSecondHalf in
      let prompt = template.prompt(row, with: opened.tokenizer)
      let response = try template.response(row, after: prompt, with: opened.tokenizer)
      return StudyRow(
        instruction: row.instruction, family: row.family ?? row.instruction, output: row.output,
        tokens: .init(prompt: prompt, response: Array(response.prefix(Self.responseTokens))),
        isInSecondHalf: isInSecondHalf)
    }
    func opening(_ text: String) -> Int {
      file.configuration.instructionPlace.map {
        template.opening(with: text, in: $0, with: opened.tokenizer).count
      } ?? 1
    }
    let front = (known.map(\.text) + rows.map(\.instruction)).map(opening).max() ?? 1
    let longest = rows.map { $0.tokens.prompt.count }.max() ?? 0
    let needed = front + max(longest + Self.responseTokens, Self.windowTokens) + 2
    guard needed <= opened.configuration.contextLength else {
      throw StudyError.tooLong(
        what: "the longest row", tokens: needed, most: opened.configuration.contextLength)
    }
    let loaded = try opened.load(contextLength: needed, states: 2 + Self.sequences)
    editor = try StudiedEditor(file, on: loaded, template: template)
    runs = try EditedRuns(beside: loaded.state, sequences: Self.sequences)
    runs.isStopRequested = isStopRequested
  }

  /// Families of the rows, for the bootstrap.
  var families: [String?] { rows.map(\.family) }
  /// How many there are.
  var clusters: Int { Set(rows.map(\.family)).count }

  /// Estimates of shares: of each list of losses, a row each, (sum mean - loss) / (sum mean - edited).
  func shares(_ losses: [[Double]], mean: [Double], edited: [Double]) -> [Estimate?] {
    bootstrap.estimates(count: rows.count, families: families) { times in
      var (meanSum, editedSum) = (0.0, 0.0)
      for i in times.indices {
        meanSum += mean[i] * Double(times[i])
        editedSum += edited[i] * Double(times[i])
      }
      return losses.map { losses in
        var sum = 0.0
        for i in times.indices { sum += losses[i] * Double(times[i]) }
        return meanSum > editedSum ? (meanSum - sum) / (meanSum - editedSum) : .nan
      }
    }
  }

  /// Estimates of losses, nat a token.
  func losses(_ losses: [[Double]]) -> [Estimate?] {
    let counts = rows.map { Double($0.tokens.response.count) }
    return bootstrap.estimates(count: rows.count, families: families) { times in
      let tokens = times.indices.reduce(0) { $0 + counts[$1] * Double(times[$1]) }
      return losses.map { losses in
        times.indices.reduce(0) { $0 + losses[$1] * Double(times[$1]) } / tokens
      }
    }
  }

  /// Estimates of means over the rows.
  func means(_ values: [[Double]]) -> [Estimate?] {
    bootstrap.estimates(count: rows.count, families: families) { times in
      let count = Double(times.reduce(0, +))
      return values.map { values in
        times.indices.reduce(0) { $0 + values[$1] * Double(times[$1]) } / count
      }
    }
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
