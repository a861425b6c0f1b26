import EditStudies
import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Reading edits: what is read, through what, and how sayings are judged.
@Suite struct ReadEditTests {
  private final class OneEdit: ReadEdits {
    let digest = "one"
    let values: [Float]
    init(_ values: [Float]) { self.values = values }
    func states(ofRow row: Int) -> [Float]? { values }
  }

  /// Runs through adapters, token by token and many at a time, have the losses that the reader is trained with, within
  /// rounding: keys and values in front are those of the frozen processor in both.
  @Test func readersRunAsTheyAreTrained() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("llama/f32.gguf").path)
    let processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 2))
    let c = processor.configuration
    let identity = try ProcessorIdentity(file)
    let adapters = try LowRankAdapters(
      AdapterConfiguration(
        rank: 3, alpha: 6, modules: Set(AdapterConfiguration.Module.allCases), depth: c.layerCount),
      of: c, seed: nil, pool: processor.pool)
    let numbers = NormalGenerator(seed: 5, stream: 0)
    let floats = adapters.parameters.floats
    for i in floats.indices { floats[i] = Float(0.1 * numbers[i]) }
    let front = [3, 17, 40]
    let size = c.layerCount * front.count * c.hiddenSize
    let states = (0..<size).map { Float(1.5 * NormalGenerator(seed: 6, stream: 0)[$0]) }
    let (prompt, response) = ([5, 9, 61, 2], [30, 31, 8, 77])

    let batch = TrainingBatch(
      [
        TokenizedExample(
          row: 0, instruction: front, prompt: prompt, response: response, prompted: [])
      ], firstContent: 1)
    let pass = try ReaderPass(
      EditReader(adapters, identity: identity, edits: OneEdit(states)), processor: processor,
      capacity: EditorPass.Capacity(rows: 32, instructionRows: 1, sequences: 1),
      options: ProcessorTape.Options())
    let state = try ProcessorState(processor, contextLength: 32, cacheType: .f32)
    let edit = CompiledEdit(
      processor: identity, place: .opening(replacing: [5]), tokens: front, activations: .f32,
      cacheType: .f32, label: "",
      positions: try Editor.keyValues(of: states, tokens: front.count, on: state))
    let row = EditedRuns.Row(prompt: prompt, response: response)
    for (trained, condition) in [(true, EditorPass.Condition.edited), (false, .unread)] {
      let wanted = try pass.losses(batch, condition)[0].reduce(0) { $0 + Double($1) }
      let runs = try EditedRuns(
        beside: state, sequences: 3, through: trained ? adapters : nil)
      for found in try runs.losses(row, under: [edit, edit, edit]) {
        #expect(abs(found - wanted) <= 1e-5 * wanted, "\(found), \(wanted)")
      }
      // The likeliest token each time, fed one by one: the losses of what was said are least there.
      let said = try runs.answers([(prompt, edit)], maximumTokens: 4, ends: [])[0]
      let logProbabilities = try runs.logProbabilities(
        EditedRuns.Row(prompt: prompt, response: said), under: edit)
      for (token, row) in zip(said, logProbabilities) {
        #expect(row.indices.max { row[$0] < row[$1] } == token)
      }
    }
  }

  /// mu + c is the edit, mu + 0 the mean edit, and a random edit has vectors as long as c's around the mean.
  @Test func editsAreTakenApart() throws {
    func edit(_ scale: Float) throws -> LatentEdit {
      try LatentEdit(
        width: 3, layerCount: 4,
        sites: (0..<2).map { point in
          LatentSite(
            point: point, position: .fromStart(0), scale: .norm, gate: 2,
            latent: [scale, Float(point) + 1, scale * scale])
        })
    }
    let all = try [edit(1), edit(2), edit(-3)].map(WrittenEdit.latents)
    let mean = try MeanEdit(
      families: ["a", "b", "c"], layerCount: 4, roles: [[], [], []]
    ) { all[$0] }
    func values(_ edit: WrittenEdit) -> [Float] {
      guard case .latents(let latents) = edit else { return [] }
      return latents.sites.flatMap { site in site.latent.map { site.gate * $0 } }
    }
    func near(_ a: [Float], _ b: [Float]) -> Bool {
      a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 }
    }
    let parts = try all.map {
      EditParts($0, mean: try mean.inPlace(of: $0), layerCount: 4, firstBlock: 1)
    }
    for (written, parts) in zip(all, parts) {
      #expect(near(values(try parts.edit(parts.own)), values(written)))
      let zero = try parts.edit([Float](repeating: 0, count: parts.own.count))
      #expect(near(values(zero), values(try mean.inPlace(of: written))))
      let random = try parts.random(from: NormalGenerator(seed: 1, stream: 2))
      let drawn = zip(values(random), values(zero)).map { $0 - $1 }
      for site in 0..<2 {
        func length(_ v: [Float]) -> Float {
          v[3 * site..<3 * site + 3].reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        #expect(abs(length(drawn) - length(parts.own)) <= 1e-4)
      }
      #expect(!near(drawn, parts.own))
    }
    let sum = parts[0].adding(parts.dropFirst())
    // What is everybody's own adds up to nothing around their mean.
    #expect(sum.own.allSatisfy { abs($0) <= 1e-5 })
    #expect(EditParts.deviations(parts).count == 2)
  }

  /// Of a prefix: block 0 keeps its words, and the rest is the mean of each role and the instruction's own.
  @Test func prefixesAreTakenApart() throws {
    func written(_ shift: Float) -> WrittenEdit {
      .states(
        (0..<2 * 2 * 3).map { Float($0) + shift * Float($0 % 5) }, tokens: [7, 8],
        roles: [.front(0), .instruction])
    }
    let all = [written(1), written(3)]
    let mean = try MeanEdit(
      families: ["a", "b"], layerCount: 2,
      roles: [[.front(0), .instruction], [.front(0), .instruction]]
    ) { all[$0] }
    let center = try mean.inPlace(of: all[0])
    let parts = EditParts(all[0], mean: center, layerCount: 2, firstBlock: 1)
    #expect(parts.own.count == 6 && parts.siteCount == 1 && parts.vectorCount == 2)
    guard case .states(let edited, _, _) = try parts.edit(parts.own),
      case .states(let wanted, _, _) = all[0], case .states(let zero, _, _) = center
    else {
      Issue.record("they are prefixes")
      return
    }
    #expect(zip(edited, wanted).allSatisfy { abs($0 - $1) <= 1e-4 })
    #expect(zero.prefix(6) == wanted.prefix(6) && zero != wanted)
  }

  @Test func sayingsAreJudged() {
    // (3 > 1, 3 > 2, 1 = 1, 1 < 2) with the first drawn twice on both sides: (2 * 2 + 2 * 1 + 2 / 2 + 0) / 9
    #expect(abs(ReaderJudge.auroc([3, 1], [1, 2], [2, 1]) - 7 / 9) < 1e-12)
    #expect(ReaderJudge.auroc([1, 1], [1, 1], [1, 1]) == 0.5)
  }
}
