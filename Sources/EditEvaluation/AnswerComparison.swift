import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import TextGeneration
import Tokenization

/// What a model answers to one row, greedily.
public struct ComparedAnswers: Sendable, Equatable, Codable {
  /// The row's.
  public let instruction: String
  /// The row's.
  public let input: String
  /// The row's output.
  public let wanted: String
  /// The row's; nil where it has none.
  public let family: String?
  /// The model's, by the condition's name.
  public let answers: [String: String]

  /// Answers to `row`.
  public init(_ row: TrainingRow, answers: [String: String]) {
    instruction = row.instruction
    input = row.input
    wanted = row.output
    family = row.family
    self.answers = answers
  }
}

/// Answers the same rows without an edit, with it, and with the instruction in the prompt: the likeliest
/// token each time.
public struct AnswerComparison {
  /// The conditions that are compared.
  public static let conditions: [EditCondition] = [.ablated, .edited, .prompted]

  private let editor: Editor
  private let state: ProcessorState
  private let tokenizer: Tokenizer
  private let options: GenerationOptions
  private let startsText: Bool
  private let firstContent: Int

  /// Answers of at most `maximumTokens` tokens on `state`, whose cache is emptied. Prompts have their
  /// content from `firstContent` on; `startsText` is as `Generator` has it.
  public init(
    _ editor: Editor, state: ProcessorState, tokenizer: Tokenizer, maximumTokens: Int,
    firstContent: Int, startsText: Bool
  ) {
    self.editor = editor
    self.state = state
    self.tokenizer = tokenizer
    self.firstContent = firstContent
    self.startsText = startsText
    options = GenerationOptions(sampling: .greedy, maximumTokens: maximumTokens)
  }

  /// The answers to `example`, which is of `row`. Throws `editing` and `generation`.
  public func answers(
    _ example: TokenizedExample, of row: TrainingRow
  ) throws(EvaluationError) -> ComparedAnswers {
    var answers: [String: String] = [:]
    answers[EditCondition.ablated.rawValue] = try answer(state, Prompt(example.prompt))
    answers[EditCondition.prompted.rawValue] = try answer(state, Prompt(example.prompted))
    let edited: EditedProcessor
    do { edited = try self.edited(example) } catch { throw .editing(error) }
    let prompt = Prompt(example.prompt, firstContent: firstContent)
    answers[EditCondition.edited.rawValue] = try answer(edited, prompt)
    return ComparedAnswers(row, answers: answers)
  }

  private func edited(
    _ example: TokenizedExample
  ) throws(LatentEditingError) -> EditedProcessor {
    guard editor.configuration.interface.isPrefix else {
      let edit = try editor.edit(
        example.instruction, prompt: ghosts(example.prompt) + example.prompt, on: state)
      return try EditedProcessor(state, edit: edit)
    }
    let c = state.processor.configuration
    return try EditedProcessor(
      state,
      edit: LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: []),
      compiled: .reading(
        example.instruction, replacing: Array(example.prompt.prefix(firstContent)), with: editor,
        on: state.processor, identity: editor.configuration.processor, cacheType: state.cacheType,
        label: ""))
  }

  /// What an editor that reads the input sees in front of the prompt, as in training.
  private func ghosts(_ prompt: [Int]) -> [Int] {
    editor.configuration.positions == .ghost ? Array(prompt.prefix(1)) : []
  }

  private func answer(
    _ model: any SequenceModel, _ prompt: Prompt
  ) throws(EvaluationError) -> String {
    let generator = Generator(model, tokenizer: tokenizer, startsText: startsText)
    var text = ""
    do {
      try generator.run(prompt: prompt, options: options) { event in
        switch event {
        case .token(_, let piece), .heldBack(let piece): text += piece
        case .prefill, .finished: break
        }
        return .more
      }
    } catch { throw .generation(error) }
    return text
  }
}

/// How near some rows' answers are to those that were wanted, with intervals over the rows.
public struct AnswerFigures: Sendable, Equatable, Encodable {
  /// Of one condition: means over the rows.
  public struct Figure: Sendable, Equatable, Encodable {
    /// The part that is the same but for white space at the ends.
    public let exactMatch: Estimate?
    /// See `AnswerScore.rougeL`.
    public let rougeL: Estimate?
  }

  /// Rows.
  public let rows: Int
  /// By the condition's name.
  public let conditions: [String: Figure]

  /// Figures of `answers`, one at least.
  public init(_ answers: [ComparedAnswers], _ bootstrap: Bootstrap = Bootstrap()) {
    rows = answers.count
    var conditions: [String: Figure] = [:]
    for condition in AnswerComparison.conditions.map(\.rawValue) {
      let scores = answers.map { AnswerScore($0.answers[condition] ?? "", wanted: $0.wanted) }
      let estimates = bootstrap.estimates(
        count: scores.count, families: answers.map(\.family)
      ) { times in
        [\AnswerScore.exactMatch, \.rougeL].map { part in
          drawnSum(scores.map { $0[keyPath: part] }, times) / Double(times.reduce(0, +))
        }
      }
      conditions[condition] = Figure(exactMatch: estimates[0], rougeL: estimates[1])
    }
    self.conditions = conditions
  }
}
