import EditStudies
import Foundation
import LanguageModels
import LatentEditing
import TestSupport
import Testing

/// Edits that are mixed, beside PyTorch (tools/fixtures/make_mixed_edit_fixtures.py).
@Suite struct MixedEditTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let layers: [Int]
      let halves: [String]
      let tokens: [Int]?
      let loss, divergence: Double
    }
    struct Patch: Decodable {
      let point, token: Int
      let loss: Double
    }
    let prompt: Int
    let cases: [Case]
    let patches: [Patch]
  }

  private let fixture: Fixture
  private let row: EditedRuns.Row
  private var state: ProcessorState { edits.state }
  private let edits: TwoEdits

  init() throws {
    let folder = OutsideFiles.fixture("mixed-edits/losses.json")
    fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: folder))
    edits = try TwoEdits()
    row = edits.row(prompt: fixture.prompt)
  }

  private func mixed(_ wanted: Fixture.Case) -> CompiledEdit {
    edits.a.mixed(
      with: edits.b, layers: wanted.layers,
      halves: Set(wanted.halves.compactMap(CompiledEdit.Half.init)),
      tokens: wanted.tokens.map(Set.init))
  }

  /// All cases go through together, and in turns of three: the same.
  @Test(arguments: [3, 16]) func lossesArePyTorchs(sequences: Int) throws {
    let runs = try EditedRuns(beside: state, sequences: sequences)
    let all = fixture.cases.map(mixed)
    let losses = try runs.losses(row, under: all)
    let p = try runs.logProbabilities(row, under: edits.a)
    let divergences = try runs.divergences(row, of: p, under: all)
    for (index, wanted) in fixture.cases.enumerated() {
      // Both compute in f32 through two blocks, and sum over seven tokens.
      #expect(abs(losses[index] - wanted.loss) < 1e-3, "case \(index)")
      #expect(abs(divergences[index] - wanted.divergence) < 1e-3, "case \(index)")
    }
    let alone = try all.map { try runs.losses(row, under: [$0])[0] }
    #expect(alone == losses)
  }

  /// States of one run in another; of all runs at once, and a run's own states change nothing, to the bit.
  @Test func patchesArePyTorchs() throws {
    let runs = try EditedRuns(beside: state, sequences: 4)
    let (own, other) = (StateCapture(points: 0...2), StateCapture(points: 0...2))
    let losses = try runs.losses(row, under: [edits.a, edits.b], visitors: [own, other])
    let front = edits.a.tokens.count
    let places = fixture.patches.map {
      StateCapture.Place(point: $0.point, position: front + $0.token)
    }
    let patches = try places.map { StatePatch([$0: try #require(other.states[$0])]) }
    let found = try runs.losses(row, under: places.map { _ in edits.a }, visitors: patches)
    for (index, wanted) in fixture.patches.enumerated() {
      #expect(abs(found[index] - wanted.loss) < 1e-3, "patch \(index)")
      #expect(patches[index].patched == [places[index]])
    }
    // Before block 0 both runs have the same embedding.
    #expect(found[0] == losses[0] && found[1] != losses[0])
    let neutral = StatePatch(own.states)
    #expect(try runs.losses(row, under: [edits.a], visitors: [neutral]) == [losses[0]])
    #expect(neutral.patched.count == own.states.count)
  }

  /// All of an edit is the edit, and nothing of it is none of it, to the bit.
  @Test func mixtureOfAllOrNone() {
    #expect(edits.a.mixed(with: edits.b, layers: 0..<2).positions == edits.b.positions)
    #expect(edits.a.mixed(with: edits.b, layers: []).positions == edits.a.positions)
    #expect(edits.a.mixed(with: edits.b, layers: 0..<2, halves: []) == edits.a)
    #expect(edits.a.mixed(with: edits.b, layers: 0..<2, tokens: []) == edits.a)
    let halves = edits.a.mixed(with: edits.b, layers: 0..<2, halves: [.keys])
      .mixed(with: edits.b, layers: 0..<2, halves: [.values])
    #expect(halves.positions == edits.b.positions)
  }

  /// The likeliest tokens are those of the sequence by itself.
  @Test func answersAreGreedy() throws {
    let runs = try EditedRuns(beside: state, sequences: 2)
    let prompts: [(tokens: [Int], edit: CompiledEdit?)] = [
      (row.prompt, edits.a), (row.prompt, nil), (row.prompt, edits.b),
    ]
    let answers = try runs.answers(prompts, maximumTokens: 6, ends: [])
    for (prompt, answer) in zip(prompts, answers) {
      state.truncate(to: 0)
      for position in prompt.edit?.positions ?? [] { try state.append(position) }
      var next = prompt.tokens
      var wanted: [Int] = []
      for _ in 0..<6 {
        let logits = try state.forward(next)
        next = [logits.indices.max { (logits[$0], $1) < (logits[$1], $0) }!]
        wanted += next
      }
      #expect(answer == wanted)
    }
    // An end is the last token.
    let end = answers[0][2]
    let first = answers[0].firstIndex(of: end)!
    #expect(
      try runs.answers([prompts[0]], maximumTokens: 6, ends: [end])[0]
        == Array(answers[0].prefix(first + 1)))
  }

  /// Told to stop, nothing is run.
  @Test func stops() throws {
    let runs = try EditedRuns(beside: state, sequences: 2)
    runs.isStopRequested = { true }
    #expect(throws: StudyError.interrupted(work: "running edits")) {
      try runs.losses(row, under: [edits.a])
    }
  }
}
