import LanguageModels
import LatentEditing

/// Examples that go through the processor together, as tokens.
///
/// The editor reads the instruction; the processor reads prompt and response, and the loss is over the
/// response. A teacher reads `prompted`, which has the instruction in it, and the same response.
package struct TrainingBatch: Sendable, Equatable {
  /// In the order of the batch.
  package var examples: [TokenizedExample]
  /// Where the content of prompts begins.
  package var firstContent: Int

  package init(_ examples: [TokenizedExample], firstContent: Int = 0) {
    self.examples = examples
    self.firstContent = firstContent
  }

  /// Response tokens of all examples.
  package var scoredCount: Int { examples.reduce(0) { $0 + $1.response.count } }

  /// What belongs to the response tokens of all examples, by example.
  func byExample(_ values: [Float]) -> [[Float]] {
    var next = 0
    return examples.map { example in
      defer { next += example.response.count }
      return Array(values[next..<next + example.response.count])
    }
  }

  /// The same batch with instructions of others, one for each example.
  package func replacingInstructions(_ instructions: [[Int]]) -> TrainingBatch {
    replacing(\.instruction, instructions)
  }

  /// The same batch with the other instructions of its examples, for editors and in prompts.
  func withOtherInstructions(_ examples: [HeldOutExample]) -> TrainingBatch {
    replacingInstructions(examples.map(\.otherInstruction))
      .replacing(\.prompted, examples.map(\.otherPrompted))
  }

  /// The same batch with what asks for nothing, which its examples have.
  func with(
    _ kind: MeaninglessInstruction, of examples: [HeldOutExample]
  ) -> TrainingBatch {
    let others = examples.compactMap { $0.meaningless[kind] }
    return replacingInstructions(others.map(\.instruction))
      .replacing(\.prompted, others.map(\.prompted))
  }

  private func replacing(
    _ part: WritableKeyPath<TokenizedExample, [Int]>, _ values: [[Int]]
  ) -> TrainingBatch {
    precondition(values.count == examples.count)
    var batch = self
    for (index, value) in values.enumerated() { batch.examples[index][keyPath: part] = value }
    return batch
  }

  /// Prompts, a copy of the first token in front where an edit needs a ghost.
  func prompts(ghost: Bool) -> [[Int]] {
    examples.map { (ghost ? [$0.prompt[0]] : []) + $0.prompt }
  }

  /// What a pass reads of the responses: nothing is predicted after the last token, and nothing sees it.
  private var read: [ArraySlice<Int>] { examples.map { $0.response.dropLast() } }

  /// Prompts, and of responses what is read.
  func sequences(ghost: Bool) -> [[Int]] { zip(prompts(ghost: ghost), read).map { $0 + $1 } }

  /// Prompts whose beginnings the instructions take the place of, as prefix editors read them, and of responses
  /// what is read.
  package var prefixedSequences: [[Int]] {
    zip(examples, read).map { $0.instruction + $0.prompt.dropFirst(firstContent) + $1 }
  }

  /// The lengths of those prompts.
  package var prefixedLengths: [Int] {
    examples.map { $0.instruction.count + $0.prompt.count - min(firstContent, $0.prompt.count) }
  }

  /// Prompts with instructions, and of responses what is read.
  var promptedSequences: [[Int]] { zip(examples, read).map { $0.prompted + $1 } }

  /// The shapes of the prompts, a ghost included.
  func shapes(ghost: Bool) -> [PromptShape] {
    let more = ghost ? 1 : 0
    return examples.map {
      PromptShape(length: $0.prompt.count + more, firstContent: firstContent + more)
    }
  }

  /// The response's tokens after `rows`, each with the same weight.
  func objective(
    _ rows: [Int], weight: Float = 1, crossEntropy: Float = 1, distillation: Float = 0
  ) -> TokenObjective {
    TokenObjective(
      rows: rows, targets: examples.flatMap(\.response),
      weights: [Float](repeating: weight, count: rows.count), crossEntropy: crossEntropy,
      distillation: distillation)
  }

  /// Runs the processor of `tape` without an edit over prompts and responses, the instruction in the
  /// prompts where they are `prompted`, and without the tape's adapters where it is `unadapted`; the rows
  /// after which the response's tokens come. Throws `model`.
  func forward(
    on tape: ProcessorTape, prompted: Bool, unadapted: Bool = false
  ) throws(LatentEditingError) -> [Int] {
    let tokens = TokenBatch(prompted ? promptedSequences : sequences(ghost: false))
    let rows = scoredRows(
      of: tokens, promptLengths: examples.map { (prompted ? $0.prompted : $0.prompt).count })
    do {
      try tape.forward(
        tokens, adapting: unadapted ? examples.map { _ in 0 } : nil, scoring: rows)
    } catch { throw .model(error) }
    return rows
  }

  /// The rows of `batch` after which the response's tokens come: those of prompts of `lengths`.
  func scoredRows(of batch: TokenBatch, promptLengths: [Int]) -> [Int] {
    examples.indices.flatMap { i -> Range<Int> in
      let first = batch.row(of: i, at: promptLengths[i] - 1)
      return first..<first + examples[i].response.count
    }
  }
}
