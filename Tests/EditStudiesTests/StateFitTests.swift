import EditStudies
import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// States in front that are fitted to answers, beside PyTorch (tools/fixtures/make_state_fit_fixtures.py).
@Suite struct StateFitTests {
  private struct Fixture: Decodable {
    let prompt: Int
    let rate: Float
    let penalty, distance: Double
    let scale: Float
    let losses, offsets: [Double]
  }

  private struct Given: Decodable {
    let ids, instruction: [Int]
  }

  private let fixture: Fixture
  private let given: Given
  private let processor: Processor
  private let states: [Float]
  private let rows: [StateFit.Row]

  init() throws {
    let fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("state-fit/steps.json")))
    let given = try JSONDecoder().decode(
      Given.self, from: Data(contentsOf: OutsideFiles.fixture("editor/ids.json")))
    let file = try GGUFFile(path: OutsideFiles.fixture("llama/f32.gguf").path)
    processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 2))
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    let capture = StateCapture(points: 0..<2)
    _ = try state.forward(given.instruction, visitor: capture)
    states = try (0..<2).flatMap { point in
      try given.instruction.indices.flatMap {
        try #require(capture.states[.init(point: point, position: $0)])
      }
    }
    rows = [given.ids, given.ids.reversed()].map {
      StateFit.Row(
        fed: given.instruction + $0.dropLast(), response: Array($0.dropFirst(fixture.prompt)))
    }
    (self.fixture, self.given) = (fixture, given)
  }

  private func fit(_ scales: [Float]) throws -> StateFit {
    try StateFit(
      processor, from: states, scales: scales,
      rowTokens: given.instruction.count + given.ids.count, batchSize: 2)
  }

  /// The loss before every step, and where eight of them lead; each step is Adam's, so that an error of a gradient's sign would be
  /// as long as the rate.
  @Test func stepsArePyTorchs() throws {
    let fit = try fit([0, fixture.scale])
    let steps = fixture.losses.count
    var losses = [try fit.addGradients(of: rows, penalty: 0)]
    fit.gradients.update(repeating: 0)
    let other = try self.fit([0, fixture.scale])
    try fit.learn(
      rows, steps: steps, rate: fixture.rate, penalty: fixture.penalty, seed: 0
    ) { _ in
      for i in other.offsets.indices { other.offsets[i] = fit.offsets[i] }
      losses.append(try other.addGradients(of: rows, penalty: 0))
      return true
    }
    for (found, wanted) in zip(losses, fixture.losses) { #expect(abs(found - wanted) < 1e-3) }
    #expect(losses.count == steps + 1 && losses[steps] < losses[0])
    #expect(abs(fit.distance - fixture.distance) < 1e-3 * fixture.distance)
    let half = states.count / 2
    for (i, wanted) in fixture.offsets.enumerated() {
      #expect(abs(Double(fit.offsets[half + i]) - wanted) < 2e-3, "\(i)")
    }
    // Block 0 has no unit, and stays as it is, to the bit.
    #expect(Array(fit.states.prefix(half)) == Array(states.prefix(half)))
  }

  /// dF/dz beside differences of F.
  @Test func gradientsAreDifferences() throws {
    let fit = try fit([0.1, 0.3])
    var random = SplitMix64(seed: 3)
    for i in 0..<states.count { fit.offsets[i] = Float(random.next() % 100) / 100 - 0.5 }
    let penalty = 0.7
    func loss() throws -> Double {
      try fit.addGradients(of: rows, penalty: penalty) + penalty * fit.distance
    }
    _ = try loss()
    let gradients = Array(fit.gradients.prefix(states.count))
    let scale = Double(gradients.map(abs).max() ?? 0)
    #expect(scale > 1e-3)
    for i in stride(from: 0, to: states.count, by: 37) {
      let before = fit.offsets[i]
      fit.offsets[i] = before + 0.02
      let above = try loss()
      fit.offsets[i] = before - 0.02
      let below = try loss()
      fit.offsets[i] = before
      // Losses are f32 sums of about 7, and a difference is over 0.04.
      #expect(abs((above - below) / 0.04 - Double(gradients[i])) < 0.02 * scale + 5e-5)
    }
  }

  /// A heavier penalty ends nearer to where it began, and a fit that is told to stop does.
  @Test func penaltiesKeepItNear() throws {
    var distances: [Double] = []
    for penalty in [0.0, 10, 1000] {
      let fit = try fit([0, 0.3])
      try fit.learn(rows, steps: 12, rate: 0.05, penalty: penalty, seed: 0)
      distances.append(fit.distance)
    }
    #expect(distances[0] > distances[1] && distances[1] > distances[2])
    let fit = try fit([0, 0.3])
    var heard: [Int] = []
    try fit.learn(rows, steps: 12, rate: 0.05, penalty: 0, seed: 0) {
      heard.append($0)
      return $0 < 3
    }
    #expect(heard == [1, 2, 3])
  }
}
