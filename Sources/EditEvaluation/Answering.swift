import EditSessions
import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import MessagePassing

/// The answers of an evaluation: to the first rows of each split, in the order of the rows.
struct Answering {
  private let input: EvaluationInput
  /// What is answered, split by split.
  private let examples: [[TokenizedExample]]
  private let comparison: AnswerComparison

  /// Throws what has no memory for the longest answer.
  init(
    run: EvaluationRun, _ input: EvaluationInput, _ editor: Editor, _ processor: Processor,
    _ opened: OpenedModel
  ) throws {
    self.input = input
    examples = input.data.splits.map { $0.examples.prefix(run.answers).map(\.example) }
    let isPrefix = editor.configuration.interface.isPrefix
    let longest =
      examples.joined().map {
        max($0.prompt.count + (isPrefix ? $0.instruction.count : 0), $0.prompted.count)
      }.max() ?? 0
    comparison = AnswerComparison(
      editor,
      state: try ProcessorState(
        processor,
        contextLength: min(
          longest + 1 + run.selection.responseTokens, processor.configuration.contextLength),
        cacheType: opened.settings.resolvedCacheType),
      tokenizer: opened.tokenizer, maximumTokens: run.selection.responseTokens,
      firstContent: input.data.firstContent, startsText: input.isChat)
  }

  /// The answers of each split. Each of `ranks` answers every Nth row, and all have all answers then.
  func answers(
    _ ranks: Communicator?, _ listener: any EvaluationListener
  ) throws -> [[ComparedAnswers]] {
    let own = try Communicator.agreeing(ranks) { try part(ranks, listener) }
    var parts = [own]
    if let ranks {
      let text = String(decoding: try JSONEncoder().encode(own), as: UTF8.self)
      parts = try ranks.gather(text).map {
        try JSONDecoder().decode([ComparedAnswers].self, from: Data($0.utf8))
      }
    }
    var index = 0
    return examples.map { examples in
      examples.map { _ -> ComparedAnswers in
        defer { index += 1 }
        return parts[index % parts.count][index / parts.count]
      }
    }
  }

  private func part(
    _ ranks: Communicator?, _ listener: any EvaluationListener
  ) throws -> [ComparedAnswers] {
    let all = examples.flatMap { $0 }
    var answers: [ComparedAnswers] = []
    for (index, example) in all.enumerated() where Communicator.isTurn(of: ranks, index) {
      answers.append(try comparison.answers(example, of: input.rows[example.row]))
      listener.receive(.answered(rows: index + 1, of: all.count))
      if listener.isStopRequested {
        throw EvaluationError.cancelled(done: index + 1, total: all.count, unit: "answers")
      }
    }
    return answers
  }
}
