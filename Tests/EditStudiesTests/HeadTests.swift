import EditStudies
import Foundation
import LanguageModels
import LatentEditing
import TestSupport
import Testing

/// What single heads say and cause at a last token, beside PyTorch (tools/fixtures/make_head_fixtures.py).
@Suite struct HeadTests {
  private struct Fixture: Decodable {
    let shown: [[Int]]
    let asked: [Int]
    let target, best: Int
    let heads: [[Float]]
    let probability: Double
    let patched, injected: [Double]
    let patchedBest, injectedBest: [Int]
    let chosen: [[Int]]
    let vector: [Float]
  }

  private let fixture: Fixture
  private let edits: TwoEdits

  init() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    fixture = try decoder.decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("heads/heads.json")))
    edits = try TwoEdits()
  }

  /// Passes of three rows, so that changes of several blocks are begun in several passes and prompts go through in several.
  private func runs(_ sequences: Int = 5) throws -> EditedRuns {
    try EditedRuns(beside: TwoEdits(chunkSize: 3).state, sequences: sequences)
  }

  private func heads(_ runs: EditedRuns, _ prompt: [Int]) throws -> [[Float]] {
    try runs.lastToken(prompt, target: 0, heads: true).heads
  }

  private func mean(_ runs: EditedRuns) throws -> [[Float]] {
    let found = try fixture.shown.map { try heads(runs, $0) }
    return found[0].indices.map { layer in
      found[0][layer].indices.map { i in
        found.reduce(0) { $0 + $1[layer][i] } / Float(found.count)
      }
    }
  }

  private func changes(
    _ outputs: [[Float]], _ size: Int
  ) -> [EditedRuns.LastTokenChange] {
    outputs.indices.flatMap { layer in
      (0..<outputs[layer].count / size).map { head in
        .head(
          layer: layer, number: head, output: Array(outputs[layer][head * size..<(head + 1) * size])
        )
      }
    }
  }

  private var size: Int { edits.processor.configuration.headSize }

  /// Sums of softmax over at most ten positions in f32.
  @Test func headsSayWhatPyTorchsSay() throws {
    let runs = try runs()
    for (prompt, wanted) in zip(fixture.shown, fixture.heads) {
      let found = try heads(runs, prompt).flatMap { $0 }
      #expect(found.count == wanted.count && wanted.map(abs).max()! > 0.1)
      for (a, b) in zip(found, wanted) { #expect(abs(a - b) < 1e-4) }
    }
  }

  /// The causal effect of every head: the mean in the place of what it says.
  @Test(arguments: [1, 2, 5, 24]) func effectsArePyTorchs(sequences: Int) throws {
    let runs = try runs(sequences)
    let mean = try mean(runs)
    let run = try runs.lastToken(fixture.asked, target: fixture.target)
    #expect(abs(run.next.probability - fixture.probability) < 1e-5)
    #expect(run.next.best == fixture.best)
    // In an order that is not that of the blocks.
    let found = try runs.changed(run, changes(mean, size).reversed(), target: fixture.target)
    #expect(found.count == fixture.patched.count)
    for (next, (wanted, best)) in zip(
      found.reversed(), zip(fixture.patched, fixture.patchedBest))
    {
      #expect(abs(next.probability - wanted) < 1e-5 && next.best == best)
    }
    #expect(fixture.patched.contains { abs($0 - fixture.probability) > 0.01 })
  }

  /// The vector of some heads, and what it does before each block.
  @Test func vectorsArePyTorchs() throws {
    let runs = try runs()
    let mean = try mean(runs)
    let vector = runs.written(by: fixture.chosen.map { ($0[0], $0[1]) }, mean)
    for (a, b) in zip(vector, fixture.vector) { #expect(abs(a - b) < 1e-5) }
    let run = try runs.lastToken(fixture.asked, target: fixture.target)
    let found = try runs.changed(
      run, fixture.injected.indices.map { .addition(layer: $0, vector: vector) },
      target: fixture.target)
    for (next, (wanted, best)) in zip(found, zip(fixture.injected, fixture.injectedBest)) {
      #expect(abs(next.probability - wanted) < 1e-5 && next.best == best)
    }
    #expect(fixture.injected.allSatisfy { abs($0 - fixture.probability) > 0.01 })
  }

  /// A head that says what it says changes nothing, to the bit, whatever goes through beside it; and reading a prompt's
  /// heads changes nothing of it.
  @Test func ownOutputsChangeNothing() throws {
    let runs = try runs()
    let mean = try mean(runs)
    let run = try runs.lastToken(fixture.asked, target: fixture.target, heads: true)
    let zero = [Float](repeating: 0, count: run.states[0].count)
    let found = try runs.changed(
      run,
      changes(run.heads, size) + run.states.indices.map { .addition(layer: $0, vector: zero) }
        + changes(mean, size), target: fixture.target)
    for next in found.prefix(run.heads.count * run.heads[0].count / size + run.states.count) {
      #expect(next == run.next)
    }
    #expect(try runs.lastToken(fixture.asked, target: fixture.target).next == run.next)
    let row = edits.row(prompt: 5)
    let losses = try EditedRuns(beside: edits.state, sequences: 1).losses(row, under: [edits.a])
    #expect(try runs.losses(row, under: [edits.a]) == losses)
  }
}
