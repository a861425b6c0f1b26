import EditorTraining
import LanguageModels
import TensorKernels

/// Directions that learn to follow another model's distributions: from zeros, by Adam,
///
///     F(u) = (1/n) sum_t KL(q_t || p_t(u)),   dF/du[l] = sum over tokens of dF/dh'[l]
///
/// with q what the states to be followed make, and n the tokens of answers in a batch. Used by one thread at a time.
package final class DirectionTraining {
  /// A prompt, its answer, and the states to be followed: after the last block, before each of the answer's tokens,
  /// `[answer][width]`.
  package struct Answer {
    let row: EditedRuns.Row
    let states: [Float]

    /// Tokens of the answer.
    package var tokenCount: Int { row.response.count }

    package init(row: EditedRuns.Row, states: [Float]) {
      self.row = row
      self.states = states
    }
  }

  /// What is learnt.
  package let vector: DirectionEdit
  private let tape: ProcessorTape
  private let batchSize: Int

  /// Directions after the blocks `layers`, and memory for batches of so many tokens and answers. Throws `memory`.
  package init(
    _ processor: Processor, layers: [Int], tokens: Int, answers: Int
  ) throws {
    batchSize = answers
    tape = try ProcessorTape(
      processor, rowCapacity: tokens, sequenceCapacity: answers, options: Self.options(processor))
    vector = try DirectionEdit(layers: layers, width: processor.configuration.hiddenSize)
  }

  /// Bytes that it takes, before it is made.
  package static func byteCount(_ processor: Processor, tokens: Int, answers: Int) -> Int {
    ProcessorTape.byteCount(
      processor, rowCapacity: tokens, sequenceCapacity: answers, options: options(processor))
  }

  /// Gradients in bf16 where the CPU has instructions for it, but for a processor that is to be exact.
  private static func options(_ processor: Processor) -> ProcessorTape.Options {
    var options = ProcessorTape.Options()
    options.distills = true
    if processor.activations != .f32, (try? processor.instructionSet.brainKernels()) != nil {
      options.backward = .bf16
    }
    return options
  }

  /// Adam's steps, each over the next answers of an order that is drawn anew when it has ended.
  /// The rate falls to nothing in a straight line. `progress` hears what part of the steps is done. Throws `diverged`, and
  /// what running the model and `progress` throw.
  package func learn(
    _ answers: [Answer], steps: Int, rate: Float, seed: UInt64,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    let group = OptimizerGroup(name: "directions", learningRate: rate)
    let adam = try AdamW(
      groups: [group],
      ranges: [
        OptimizedRange(
          parameters: vector.directions, gradients: vector.gradients, group: 0, decays: false)
      ], pool: tape.processor.pool, instructionSet: tape.processor.instructionSet)
    var generator = SeededGenerator(seed, 0x4F52_4445)
    var order: [Int] = []
    for step in 0..<steps {
      try progress(Double(step) / Double(steps))
      var batch: [Answer] = []
      while batch.count < min(batchSize, answers.count) {
        if order.isEmpty {
          order = Array(answers.indices)
          generator.shuffle(&order)
        }
        batch.append(answers[order.removeLast()])
      }
      try addGradients(of: batch)
      guard adam.globalNorm().isFinite else { throw EditorTrainingError.diverged(step: step + 1) }
      adam.step(scale: 1 - Double(step) / Double(steps))
    }
  }

  /// Adds dF/du of one batch to the vector's gradients.
  package func addGradients(of batch: [Answer]) throws {
    let (objective, teacher) = try read(batch, with: vector)
    _ = tape.backward(objective, teacher: teacher)
  }

  /// Reads a batch, with the vector where it is given; what is asked of it: the mean of KL over all tokens of answers.
  private func read(
    _ batch: [Answer], with edit: DirectionEdit?
  ) throws -> (TokenObjective, TeacherStates) {
    let tokens = TokenBatch(batch.map { $0.row.prompt + $0.row.response.dropLast() })
    let rows = batch.indices.flatMap { number in
      batch[number].row.response.indices.map {
        tokens.boundaries[number] + batch[number].row.prompt.count - 1 + $0
      }
    }
    try tape.forward(tokens, edit: edit, scoring: rows)
    return (
      TokenObjective(
        rows: rows, targets: batch.flatMap(\.row.response),
        weights: [Float](repeating: 1 / Float(rows.count), count: rows.count), crossEntropy: 0,
        distillation: 1),
      TeacherStates(values: batch.flatMap(\.states))
    )
  }

  /// Sum of KL over the tokens of each answer, in nats; with the directions unless `isEdited` says otherwise.
  package func divergences(_ answers: [Answer], isEdited: Bool = true) throws -> [Double] {
    var sums: [Double] = []
    for first in stride(from: 0, to: answers.count, by: batchSize) {
      let batch = Array(answers[first..<min(first + batchSize, answers.count)])
      let (objective, teacher) = try read(batch, with: isEdited ? vector : nil)
      var values = tape.losses(objective, teacher: teacher).divergence[...]
      for answer in batch {
        sums.append(values.prefix(answer.row.response.count).reduce(0) { $0 + Double($1) })
        values = values.dropFirst(answer.row.response.count)
      }
    }
    return sums
  }
}
