import EditStudies
import Foundation
import LanguageModels
import LatentEditing
import TestSupport
import Testing

/// What tokens in front write into those behind them, beside PyTorch (tools/fixtures/make_lens_fixtures.py).
@Suite struct LensTests {
  private struct Fixture: Decodable {
    let prompt, count, tokens: Int
    let weights, otherWeights, scores, ownScores, effect: [Double]
    let finalLength, spearman, area: Double
  }

  private let fixture: Fixture
  private let row: EditedRuns.Row
  private let runs: EditedRuns
  private let edits: TwoEdits

  init() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    fixture = try decoder.decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("lenses/lenses.json")))
    // Passes of four tokens: answers go through in several.
    edits = try TwoEdits(chunkSize: 4)
    row = edits.row(prompt: fixture.prompt)
    runs = try EditedRuns(beside: edits.state, sequences: 2)
  }

  /// Sums of softmax over at most 17 positions in f32.
  @Test func attentionIsPyTorchs() throws {
    for (edit, wanted) in [(edits.a, fixture.weights), (edits.b, fixture.otherWeights)] {
      let found = try runs.frontAttention(row, under: edit)
      #expect(found.count == fixture.count && found.weights.count == wanted.count)
      for (a, b) in zip(found.weights, wanted) { #expect(abs(a - b) < 1e-4) }
    }
    let found = try runs.frontAttention(row, under: edits.a)
    #expect(abs(found.finalLength - fixture.finalLength) < 1e-4)
    // Looking at them changes nothing of the run, to the bit.
    let losses = try runs.losses(row, under: [edits.a])
    _ = try runs.frontAttention(row, under: edits.a)
    #expect(try runs.losses(row, under: [edits.a]) == losses)
  }

  private func scores(ownAttention: Bool) throws -> [Double] {
    let (a, b) = (
      try runs.frontAttention(row, under: edits.a), try runs.frontAttention(row, under: edits.b)
    )
    func mean(_ found: EditedRuns.FrontAttention) -> [Double] {
      found.weights.map { $0 / Double(found.count) }
    }
    return runs.writtenScores(
      edits.a, mean(a), less: edits.b, mean(ownAttention ? b : a), finalLength: a.finalLength)
  }

  /// Two matrices in f32 over the sum of two blocks.
  @Test(arguments: [false, true]) func writtenScoresArePyTorchs(ownAttention: Bool) throws {
    let wanted = ownAttention ? fixture.ownScores : fixture.scores
    let found = try scores(ownAttention: ownAttention)
    let largest = try #require(wanted.map(abs).max())
    #expect(found.count == wanted.count && largest > 0.1)
    for (a, b) in zip(found, wanted) { #expect(abs(a - b) < 1e-4 * largest) }
  }

  /// What an edit writes less itself is nothing.
  @Test func ofItselfNothingIsWritten() throws {
    let found = try runs.frontAttention(row, under: edits.a)
    let scores = runs.writtenScores(
      edits.a, found.weights, less: edits.a, found.weights, finalLength: 1)
    #expect(scores.allSatisfy { $0 == 0 })
    #expect(LensFidelity.spearman(scores, fixture.effect, count: 20) == nil)
  }

  /// SciPy's correlation and scikit-learn's area, of the same numbers; the effect itself is read without a fault.
  @Test func fidelityIsSciPys() throws {
    let found = try #require(
      LensFidelity.spearman(fixture.scores, fixture.effect, count: fixture.tokens))
    #expect(abs(found - fixture.spearman) < 1e-9)
    let chosen = Set(row.response)
    let area = try #require(LensFidelity.area(fixture.scores, of: chosen))
    #expect(abs(area - fixture.area) < 1e-9)
    #expect(LensFidelity.spearman(fixture.effect, fixture.effect, count: 20) == 1)
    #expect(LensFidelity.area([1, 2, 2, 3], of: [2]) == 0.5)
    #expect(
      LensFidelity.area([1, 2], of: []) == nil && LensFidelity.area([1, 2], of: [0, 1]) == nil)
  }

  /// The effect is what the runs say of the first token.
  @Test func effectIsPyTorchs() throws {
    let first = EditedRuns.Row(prompt: row.prompt, response: [row.response[0]])
    let (a, b) = (
      try runs.logProbabilities(first, under: edits.a)[0],
      try runs.logProbabilities(first, under: edits.b)[0]
    )
    for (token, wanted) in fixture.effect.enumerated() {
      #expect(abs(Double(a[token] - b[token]) - wanted) < 1e-3)
    }
  }
}
