import LanguageModels
import LatentEditing

/// Examples that go through the processor together, as tokens.
///
/// The editor reads the instruction; the processor reads prompt and response, and the loss is over the
/// response. A teacher reads `prompted`, which has the instruction in it, and the same response.
package struct TrainingBatch: Sendable, Equatable {
  /// One example.
  package struct Example: Sendable, Equatable {
    /// What the editor reads.
    package var instruction: [Int]
    /// What comes before the response, without the instruction, and where its content begins.
    package var prompt: [Int]
    package var firstContent: Int
    /// With the end token.
    package var response: [Int]
    /// What comes before the response for a model that is prompted with the instruction.
    package var prompted: [Int]

    package init(
      instruction: [Int], prompt: [Int], firstContent: Int = 0, response: [Int],
      prompted: [Int] = []
    ) {
      self.instruction = instruction
      self.prompt = prompt
      self.firstContent = firstContent
      self.response = response
      self.prompted = prompted
    }
  }

  /// In the order of the batch.
  package var examples: [Example]

  package init(_ examples: [Example]) { self.examples = examples }

  /// Response tokens of all examples.
  package var scoredCount: Int { examples.reduce(0) { $0 + $1.response.count } }

  /// The same batch with instructions of others, one for each example.
  package func replacingInstructions(_ instructions: [[Int]]) -> TrainingBatch {
    precondition(instructions.count == examples.count)
    return TrainingBatch(
      zip(examples, instructions).map { example, instruction in
        var other = example
        other.instruction = instruction
        return other
      })
  }

  /// Prompts, a copy of the first token in front where an edit needs a ghost.
  func prompts(ghost: Bool) -> [[Int]] {
    examples.map { (ghost ? [$0.prompt[0]] : []) + $0.prompt }
  }

  /// Prompts and responses.
  func sequences(ghost: Bool) -> [[Int]] {
    zip(prompts(ghost: ghost), examples).map { $0 + $1.response }
  }

  /// Prompts with instructions, and responses.
  var promptedSequences: [[Int]] { examples.map { $0.prompted + $0.response } }

  /// The shapes of the prompts, a ghost included.
  func shapes(ghost: Bool) -> [PromptShape] {
    let more = ghost ? 1 : 0
    return examples.map {
      PromptShape(length: $0.prompt.count + more, firstContent: $0.firstContent + more)
    }
  }

  /// The rows of `batch` after which the response's tokens come: those of prompts of `lengths`.
  func scoredRows(of batch: TokenBatch, promptLengths: [Int]) -> [Int] {
    examples.indices.flatMap { i -> Range<Int> in
      let first = batch.boundaries[i] + promptLengths[i] - 1
      return first..<first + examples[i].response.count
    }
  }
}
