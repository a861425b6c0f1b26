import EditStudies
import Foundation
import LanguageModels
import LatentEditing
import TestSupport
import Testing

/// Integrated gradients and knocked-out readers, beside PyTorch (tools/fixtures/make_mixed_edit_fixtures.py).
@Suite struct PathGradientTests {
  private struct Fixture: Decodable {
    struct Path: Decodable {
      let points: Int
      let from, to: Double
      let attributions: [[Double]]
    }
    struct Knocked: Decodable {
      let layer, first, end: Int
      let loss: Double
    }
    let prompt: Int
    let path: Path
    let knocked: [Knocked]
  }

  private let fixture: Fixture
  private let edits: TwoEdits
  private var given: TwoEdits.Given { edits.given }
  private var processor: Processor { edits.processor }
  private var state: ProcessorState { edits.state }

  init() throws {
    fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("mixed-edits/losses.json")))
    edits = try TwoEdits()
  }

  /// What the input of every block is while `tokens` are read, `[layers][tokens][width]`.
  private func states(_ tokens: [Int]) throws -> [Float] {
    let capture = StateCapture(points: 0..<2)
    state.truncate(to: 0)
    _ = try state.forward(tokens, visitor: capture)
    return try (0..<2).flatMap { point in
      try tokens.indices.flatMap {
        try #require(capture.states[.init(point: point, position: $0)])
      }
    }
  }

  private func measure(points: Int, from a: [Int], to b: [Int]) throws -> PathGradients.Found {
    let tokens = given.instruction + given.ids
    return try PathGradients(processor, points: points, length: tokens.count).measure(
      tokens, responseCount: given.ids.count - fixture.prompt, from: states(a), to: states(b),
      tokenCount: given.instruction.count)
  }

  @Test func attributionsArePyTorchs() throws {
    let words = given.instruction
    let found = try measure(points: fixture.path.points, from: words, to: words.reversed())
    #expect(abs(found.from - fixture.path.from) < 1e-3)
    #expect(abs(found.to - fixture.path.to) < 1e-3)
    let wanted = fixture.path.attributions.flatMap { $0 }
    let largest = try #require(wanted.map(abs).max())
    #expect(found.attributions.count == wanted.count)
    for (a, b) in zip(found.attributions, wanted) { #expect(abs(a - b) < 1e-3 * largest) }
  }

  /// With many points the parts are the whole, and of nothing they are nothing.
  @Test func attributionsAddUp() throws {
    let words = given.instruction
    let found = try measure(points: 128, from: words, to: words.reversed())
    #expect(found.error < 0.01 * abs(found.attributions.map(abs).reduce(0, +)))
    let coarse = try measure(points: 2, from: words, to: words.reversed())
    #expect(coarse.error > found.error)
    let nothing = try measure(points: 4, from: words, to: words)
    #expect(nothing.attributions.allSatisfy { $0 == 0 })
    #expect(nothing.from == nothing.to)
  }

  /// Where two edits differ in one block alone, all of what they differ by is attributed to it, and insertion finds it
  /// there too: a planted truth.
  @Test func whatIsPlantedInABlockIsFoundThere() throws {
    let tokens = given.instruction + given.ids
    let count = given.instruction.count
    let a = try states(given.instruction)
    var b = a
    let other = try states(given.instruction.reversed())
    let half = a.count / 2
    b.replaceSubrange(half..., with: other[half...])
    let found = try PathGradients(processor, points: 64, length: tokens.count).measure(
      tokens, responseCount: given.ids.count - fixture.prompt, from: a, to: b, tokenCount: count)
    #expect(found.attributions.prefix(count).allSatisfy { $0 == 0 })
    #expect(found.attributions.suffix(count).contains { abs($0) > 0.01 })
    #expect(abs(found.from - found.to) > 0.01)
    #expect(found.error < 0.05 * abs(found.from - found.to))
  }

  /// Some tokens see another edit: a mask over both edits in PyTorch, an exchange between tokens here.
  @Test func knockedOutReadersArePyTorchs() throws {
    let (a, b) = (edits.a, edits.b)
    let row = edits.row(prompt: fixture.prompt)
    let runs = try EditedRuns(beside: state, sequences: 3)
    let fed = given.ids.count - 1
    for wanted in fixture.knocked {
      let other = a.mixed(with: b, layers: [wanted.layer])
      let found = try runs.losses(
        row, under: a, seenBy: wanted.first..<min(wanted.end, fed), as: [other, a])
      #expect(abs(found[0] - wanted.loss) < 1e-3)
      // Who sees the edit itself sees no difference, to the bit.
      #expect(try found[1] == runs.losses(row, under: [a])[0])
    }
    // All tokens that see the other edit are the other edit.
    let all = try runs.losses(row, under: a, seenBy: 0..<fed, as: [b])
    #expect(try all == runs.losses(row, under: [b]))
  }
}
