import EditStudies
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Control vectors that learn to follow another model's distributions.
@Suite struct DirectionTrainingTests {
  private let processor: Processor
  private let state: ProcessorState
  private let layers: Int

  init() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("llama/f32.gguf").path)
    processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 2))
    state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    layers = processor.configuration.layerCount
  }

  /// Rows of tokens drawn at random, and the states that the model has on them, under a vector where one is given.
  private func answers(_ count: Int, under planted: ControlVector?) throws
    -> [DirectionTraining.Answer]
  {
    let configuration = processor.configuration
    let edit = try planted?.edit(width: configuration.hiddenSize, layerCount: layers)
    var random = SplitMix64(seed: 5)
    return try (0..<count).map { number in
      func tokens(_ count: Int) -> [Int] {
        (0..<count).map { _ in Int(random.next() % UInt64(configuration.vocabularySize)) }
      }
      let row = EditedRuns.Row(prompt: tokens(3 + number % 3), response: tokens(2 + number % 4))
      let fed = row.prompt + row.response.dropLast()
      let capture = StateCapture(
        points: [layers],
        behind: try edit.map { try EditInjector($0, prompt: PromptShape(length: row.prompt.count)) }
      )
      state.truncate(to: 0)
      _ = try state.forward(fed, visitor: capture)
      let states = try (row.prompt.count - 1..<fed.count).flatMap {
        try #require(capture.states[.init(point: layers, position: $0)])
      }
      return DirectionTraining.Answer(row: row, states: states)
    }
  }

  private func planted(_ size: Float) -> ControlVector {
    var random = SplitMix64(seed: 9)
    let direction = (0..<processor.configuration.hiddenSize).map { _ in
      size * (Float(random.next() % 2001) / 1000 - 1)
    }
    return ControlVector(directions: [1: direction])
  }

  /// dF/du beside differences of F, after every block, block 0 too.
  @Test func gradientsAreDifferences() throws {
    let answers = try answers(3, under: planted(0.3))
    let training = try DirectionTraining(
      processor, layers: Array(0..<layers), tokens: 32, answers: 3)
    let count = processor.configuration.hiddenSize * layers
    let tokens = answers.reduce(0.0) { $0 + Double($1.tokenCount) }
    func loss() throws -> Double {
      try training.divergences(answers).reduce(0, +) / tokens
    }
    var random = SplitMix64(seed: 3)
    for i in 0..<count { training.vector.directions[i] = Float(random.next() % 100) / 500 }
    try training.addGradients(of: answers)
    let gradients = Array(training.vector.gradients.prefix(count))
    let scale = Double(gradients.map(abs).max() ?? 0)
    #expect(scale > 1e-4)
    for i in stride(from: 0, to: count, by: 7) {
      let before = training.vector.directions[i]
      training.vector.directions[i] = before + 0.01
      let above = try loss()
      training.vector.directions[i] = before - 0.01
      let below = try loss()
      training.vector.directions[i] = before
      #expect(abs((above - below) / 0.02 - Double(gradients[i])) < 0.02 * scale)
    }
  }

  /// What was planted is found again: the vector does what the planted one does, and is it.
  @Test func aPlantedVectorIsFound() throws {
    let planted = planted(0.5)
    let answers = try answers(24, under: planted)
    let training = try DirectionTraining(processor, layers: [1], tokens: 64, answers: 8)
    let before = try training.divergences(answers, isEdited: false).reduce(0, +)
    #expect(try training.divergences(answers).reduce(0, +) == before)
    try training.learn(answers, steps: 300, rate: 0.02, seed: 1)
    let after = try training.divergences(answers).reduce(0, +)
    #expect(before > 0.1 && after < 0.02 * before, "\(before) \(after)")
    let (found, wanted) = (training.vector.byLayer[1]!, planted.directions[1]!)
    func product(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let cosine =
      product(found, wanted)
      / (product(found, found) * product(wanted, wanted)).squareRoot()
    #expect(cosine > 0.9, "\(cosine)")
  }

  /// Directions that are set are those that are there, and the others are zeros.
  @Test func directionsAreSet() throws {
    let width = processor.configuration.hiddenSize
    let vector = try DirectionEdit(layers: Array(0..<layers), width: width)
    let direction = (0..<width).map { Float($0) }
    vector.set([0: direction])
    vector.set([1: direction])
    #expect(vector.byLayer[1] == direction)
    #expect(vector.byLayer[0] == [Float](repeating: 0, count: width))
  }

  /// The mean of differences, by hand; a token whose state is many times as long as the others' counts nothing.
  @Test func massiveTokensCountNothing() {
    let edited: [[Float]] = [[3, 1], [1, 2], [2, 3], [900, 0]]
    let unedited: [[Float]] = [[1, 1], [1, 1], [0, 1], [2, 2]]
    func mean(_ count: Int) -> [Float] {
      StateDifferences.mean(
        zip(edited, unedited).prefix(count).map { ($0[...], $1[...]) }, width: 2)
    }
    let wanted: [Float] = [4 / 3.0, 1]
    #expect(mean(3) == wanted && mean(4) == wanted)
    #expect(mean(0) == [0, 0])
  }
}
