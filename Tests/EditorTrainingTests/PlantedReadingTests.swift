import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing

/// Planted truth: every edit is a direction of one of six meanings with noise, and what is to be said is two tokens of its
/// meaning. A reader says them of edits that it never saw, and not what the prompt or the order of rows would tell it.
@Suite struct PlantedReadingTests {
  private static let (meanings, trained, tried, question) = (6, 160, 36, [7, 20, 21])

  private final class PlantedEdits: ReadEdits {
    let digest = "planted"
    private let width, layers: Int

    init(_ c: ProcessorConfiguration) { (width, layers) = (c.hiddenSize, c.layerCount) }

    /// Of example `row`, whose meaning is its number modulo their count.
    func states(ofRow row: Int) -> [Float]? {
      let size = width * layers
      let meaning = NormalGenerator(
        seed: 1, stream: UInt64(row % PlantedReadingTests.meanings))
      let noise = NormalGenerator(seed: 2, stream: UInt64(row))
      let strength = 0.5 + Double(row * 37 % 100) / 100
      return (0..<size).map { Float(strength * meaning[$0] + 0.3 * noise[$0]) }
    }
  }

  private func examples(_ rows: Range<Int>) -> [TokenizedExample] {
    rows.map { row in
      let meaning = row % Self.meanings
      return TokenizedExample(
        row: row, instruction: [3], prompt: Self.question, response: [40 + meaning, 60 - meaning],
        prompted: [])
    }
  }

  @Test func plantedMeaningsAreSaid() throws {
    let processor = try TinyTraining.processor()
    let c = processor.configuration
    let adapters = try LowRankAdapters(
      AdapterConfiguration(
        rank: 8, alpha: 16, modules: Set(AdapterConfiguration.Module.allCases), depth: c.layerCount),
      of: c, seed: 3, pool: Pools.all[1])
    let reader = EditReader(
      adapters, identity: try TinyTraining.identity(), edits: PlantedEdits(c))
    var plan = TrainingPlan(steps: 120)
    plan.batchSize = 8
    plan.headRate = 1e-2
    let train = examples(0..<Self.trained)
    let trainer = try Trainer(
      plan, .reader(reader), processor: processor,
      data: Trainer.Data(
        train: train, files: train.map { _ in 0 }, weights: [1], firstContent: 1))
    try trainer.run { _ in true }
    let tried = examples(Self.trained..<Self.trained + Self.tried)
    let pass = try ReaderPass(
      reader, processor: processor,
      capacity: EditorPass.Capacity(rows: 256, instructionRows: 1, sequences: Self.tried),
      options: ProcessorTape.Options())
    /// Of each edit the meaning whose words have the least loss under it.
    func said(_ condition: EditorPass.Condition) throws -> [Int] {
      let losses = try (0..<Self.meanings).map { meaning in
        try pass.losses(
          TrainingBatch(
            tried.map {
              TokenizedExample(
                row: $0.row, instruction: $0.instruction, prompt: $0.prompt,
                response: [40 + meaning, 60 - meaning], prompted: [])
            }, firstContent: 1), condition
        ).map { $0.reduce(0, +) }
      }
      return tried.indices.map { i in
        losses.indices.min { losses[$0][i] < losses[$1][i] }!
      }
    }
    func right(_ said: [Int], shift: Int = 0) -> Int {
      zip(said, tried).filter { $0 == ($1.row + shift) % Self.meanings }.count
    }
    // 34 of 36; by chance 6, and more than 15 once in 20,000 times.
    let read = try said(.edited)
    #expect(right(read) >= 34)
    #expect(right(read, shift: 1) <= 2)
    #expect(right(try said(.unread)) <= 15)
  }
}
