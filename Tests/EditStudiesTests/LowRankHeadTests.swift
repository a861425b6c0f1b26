import EditStudies
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Heads of rank k beside NumPy's singular vectors of what an editor's heads say (tools/fixtures/make_low_rank_fixtures.py).
@Suite struct LowRankHeadTests {
  private struct Fixture: Decodable {
    struct Head: Decodable {
      let rank, layer: Int
      let latents: [Double]
    }
    let instructions: [[Int]]
    let heads: [Head]
  }

  private let fixture: Fixture
  private let editor: Editor

  init() throws {
    fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("low-rank/low_rank.json")))
    let file = try GGUFFile(path: OutsideFiles.fixture("llama/f32.gguf").path)
    let pool = ThreadPool(threads: 2)
    editor = try Editor(
      path: OutsideFiles.fixture("editor/p0/editor.safetensors").path,
      identity: ProcessorIdentity(file),
      processor: Processor(file, activations: .f32, pool: pool), pool: pool)
  }

  /// Those that are trained on.
  private var trained: [[Int]] { fixture.instructions.dropLast() }

  /// Of instructions that the singular vectors are of and of one that they are not, by states of a GPT-2 in f32. The instructions
  /// are four, which have three directions; at rank 3 they keep their latents.
  @Test(arguments: [1, 2, 3]) func latentsAreNumPys(rank: Int) throws {
    let reduced = try LowRankHeads.nearest(to: editor, rank: rank, on: trained)
    #expect(reduced.configuration.heads == .rank(rank))
    let edits = try fixture.instructions.map { try reduced.edit($0) }
    let wanted = fixture.heads.filter { $0.rank == rank }
    #expect(wanted.count == editor.configuration.layers.count)
    for head in wanted {
      let found = try edits.flatMap { edit in
        try #require(edit.sites.first { $0.point == head.layer }).latent
      }
      #expect(found.count == head.latents.count)
      for (a, b) in zip(found, head.latents) { #expect(abs(Double(a) - b) < 2e-5) }
    }
    guard rank == 3 else { return }
    for (instruction, edit) in zip(trained, edits) {
      for (a, b) in zip(try editor.edit(instruction).sites, edit.sites) {
        #expect(a.gate == b.gate)
        for (x, y) in zip(a.latent, b.latent) { #expect(abs(x - y) < 2e-5) }
      }
    }
  }

  /// Heads of low rank are reduced as others are: rank 1 of rank 2 is rank 1 of all, in whatever order instructions come.
  @Test func reducedHeadsAreReduced() throws {
    let once = try LowRankHeads.nearest(to: editor, rank: 1, on: trained)
    let twice = try LowRankHeads.nearest(
      to: LowRankHeads.nearest(to: editor, rank: 2, on: trained), rank: 1, on: trained.reversed())
    for instruction in fixture.instructions {
      for (a, b) in zip(try once.edit(instruction).sites, try twice.edit(instruction).sites) {
        for (x, y) in zip(a.latent, b.latent) { #expect(abs(x - y) < 5e-5) }
      }
    }
  }

  @Test func tooFewInstructionsAreRefused() {
    #expect(throws: StudyError.tooFewInstructions(found: 4, needed: 5)) {
      _ = try LowRankHeads.nearest(to: editor, rank: 4, on: trained)
    }
  }
}
