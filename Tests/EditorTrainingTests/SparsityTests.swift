import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing

/// Editors that are trained to edit few sites and coordinates.
@Suite struct SparsityTests {
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let kind: String
    let strength: Double
    let layers: [Int]?
    let seed: UInt64
    let losses: [Double]
    let gates: [[Float]]
    let zeros: [[Int]]
    let rows: [Int]
    var testDescription: String { "\(kind) \(strength)" }

    var sparsity: EditSparsity {
      EditSparsity(EditSparsity.Kind(rawValue: kind)!, strength: strength, layers: layers)
    }
  }

  static let cases: [Case] = {
    let file = OutsideFiles.fixture("sparsity/steps.json")
    return try! JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }()

  private func plan(_ sparsity: EditSparsity?, steps: Int = 10) -> TrainingPlan {
    var plan = TrainingPlan(steps: steps)
    plan.batchSize = 3
    plan.backboneRate = 1e-3
    plan.clip = 0
    plan.sparsity = sparsity
    return plan
  }

  /// Ten steps of AdamW with what follows them, against PyTorch (tools/fixtures/make_sparsity_fixtures.py): losses within
  /// 1e-4, as those of plain editors, and what is left afterwards.
  @Test(arguments: cases) func followsPyTorch(wanted: Case) throws {
    let data = try TinyTraining.fixtureData()
    var plan = plan(wanted.sparsity)
    plan.seed = wanted.seed
    let trainer = try TinyTraining.trainer(plan, editor: TinyTraining.editor("p0"), data: data)
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    #expect(losses.count == 10)
    for (found, expected) in zip(losses, wanted.losses) {
      #expect(abs(found - expected) <= 1e-4 * expected)
    }
    let left = try trainer.editor.ownParts(of: data.train.map(\.instruction))
    for (found, (gates, zeros)) in zip(left, zip(wanted.gates, wanted.zeros)) {
      for (a, b) in zip(found.gates, gates) { #expect(abs(a - b) < 1e-3) }
      // A number at the edge of its threshold may lie on either side of it.
      for (a, b) in zip(found.zeros, zeros) { #expect(abs(a - b) <= 1) }
    }
    let counts = try trainer.sparsityCounts()
    let isOpen = wanted.rows.indices.map { site in
      wanted.rows[site] > 0 && wanted.gates.contains { $0[site] > 0 }
    }
    #expect(counts.openLayers == isOpen.indices.filter { isOpen[$0] })
    let rows = zip(wanted.rows, isOpen).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
    #expect(abs(counts.coordinates - rows) <= 1 && counts.of == 128)
  }

  /// Centred heads make the edits of plain ones to rounding, and are written as such; with one site shut it has the mean
  /// edit, to the bit.
  @Test func centringKeepsEdits() throws {
    let instructions = try TinyTraining.fixtureData().train.map(\.instruction)
    let plain = try TinyTraining.editor("p0")
    let centred = try TinyTraining.editor("p0")
    try centred.centre(on: instructions)
    let folded = try centred.folded()
    let shut = try TinyTraining.editor("p0")
    try shut.centre(on: instructions, layers: [1])
    let mean = try plain.meanEdit(of: instructions.map { ($0, "\($0)") })!
    let wholes = try instructions.map { try shut.edit($0) }
    for (number, instruction) in instructions.enumerated() {
      let wanted = try plain.edit(instruction)
      for (site, there) in wanted.sites.enumerated() {
        for editor in [centred, folded] {
          let found = try editor.edit(instruction).sites[site]
          // Sums of 24 products of numbers up to a few units.
          for (a, b) in zip(found.latent, there.latent) { #expect(abs(a - b) < 2e-5) }
          #expect(found.gate == there.gate)
        }
      }
      let kept = wholes[number].sites
      #expect(kept[0].latent == wholes[0].sites[0].latent)
      for (a, b) in zip(kept[0].latent, mean.sites[0].latent) {
        #expect(abs(a * kept[0].gate - b) < 2e-5)
      }
      for (a, b) in zip(kept[1].latent, wanted.sites[1].latent) { #expect(abs(a - b) < 2e-5) }
    }
    let path = TinyTraining.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try shut.write(to: path)
    let read = try Editor(
      path: path, identity: TinyTraining.identity(), processor: nil, pool: Pools.all[1])
    #expect(try read.edit(instructions[0]) == shut.folded().edit(instructions[0]))
    #expect(read.heads.parameters.floats(of: "heads.0.weight").allSatisfy { $0 == 0 })
  }

  /// What the file of an editor has no place for is not written.
  @Test(arguments: [(CentredHeads.Gating.ofInstruction, Float(0)), (.none, 0.5)])
  func unwritableEditorsAreRefused(gating: CentredHeads.Gating, threshold: Float) throws {
    let editor = try TinyTraining.editor("p0")
    try editor.centre(on: [[1, 2], [3]], threshold: threshold, gating: gating)
    #expect {
      try editor.write(to: TinyTraining.temporaryPath("none"))
    } throws: { error in
      if case LatentEditingError.notWritable = error {
        "\(error)".contains("has no place")
      } else {
        false
      }
    }
  }

  /// dz/d log a and dP/d log a beside differences; z and P where they are known.
  @Test func gatesAreHardConcrete() {
    for openness in stride(from: -4.0, through: 4, by: 0.25) {
      let p = HardConcrete.probability(openness)
      let (above, below) = (openness + 1e-5, openness - 1e-5)
      let slope = (HardConcrete.probability(above).value - HardConcrete.probability(below).value)
      #expect(abs(slope / 2e-5 - p.slope) < 1e-6)
      for u in [nil, 0.1, 0.4, 0.75] {
        let (z, dz) = HardConcrete.gate(openness, draw: u)
        let (a, b) = (
          HardConcrete.gate(above, draw: u).z, HardConcrete.gate(below, draw: u).z
        )
        #expect((0...1).contains(z) && abs((a - b) / 2e-5 - dz) < 1e-5)
      }
    }
    #expect(HardConcrete.gate(-3, draw: nil).z == 0 && HardConcrete.gate(3, draw: nil).z == 1)
    // The part of draws that leave a gate open is P.
    let open = (0..<10_000).filter {
      HardConcrete.gate(-0.5, draw: (Double($0) + 0.5) / 10_000).z > 0
    }.count
    #expect(abs(Double(open) / 10_000 - HardConcrete.probability(-0.5).value) < 1e-3)
  }

  /// Gradients of what gates and thresholds are between beside differences of the loss, with the same draws.
  @Test(arguments: [CentredHeads.Gating.learned, .ofInstruction])
  func gradientsAreDifferences(gating: CentredHeads.Gating) throws {
    let data = try TinyTraining.fixtureData()
    let editor = try TinyTraining.editor("p0")
    try editor.centre(on: data.train.map(\.instruction), threshold: 0.3, gating: gating)
    let gates = try #require(editor.heads.centring?.gates)
    var random = SplitMix64(seed: 4)
    for i in gates.parameters.floats.indices where i >= 16 || i < 2 {
      gates.parameters.floats[i] = normal(&random) * 0.3
    }
    let pass = try EditorPass(
      editor, processor: TinyTraining.processor(),
      capacity: .init(rows: 64, instructionRows: 32, sequences: 3), options: .init())
    let batch = TrainingBatch(data.train)
    func loss() throws -> Double {
      pass.seedRounding(RoundingSeed(7))
      let sums = try pass.accumulateGradients(
        batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
      return sums.meanCrossEntropy
    }
    func compare(_ store: (parameters: ParameterStore, gradients: ParameterStore), _ step: Int)
      throws
    {
      for store in pass.stores { store.gradients.clear() }
      _ = try loss()
      let found = Array(store.gradients.floats)
      let scale = Double(found.map(\.magnitude).max() ?? 0)
      #expect(scale > 1e-5)
      for i in stride(from: 0, to: found.count, by: step) where found[i] != 0 {
        let before = store.parameters.floats[i]
        store.parameters.floats[i] = before + 2e-3
        let above = try loss()
        store.parameters.floats[i] = before - 2e-3
        let below = try loss()
        store.parameters.floats[i] = before
        #expect(abs((above - below) / 4e-3 - Double(found[i])) < 0.02 * scale, "\(i)")
      }
    }
    try compare(gates, 1)
    try compare((editor.heads.parameters, pass.editorTape.headGradients), 41)
  }

  /// With gates that are drawn, too, a training goes on to the bits of one that was not interrupted.
  @Test(arguments: [EditSparsity.Kind.l0Instruction, .rows, .shrink])
  func resumesBitForBit(kind: EditSparsity.Kind) throws {
    let plan = plan(EditSparsity(kind, strength: 0.3), steps: 6)
    func trainer() throws -> Trainer {
      try TinyTraining.trainer(
        plan, editor: TinyTraining.editor("p0"), data: TinyTraining.fixtureData())
    }
    let whole = try trainer()
    try whole.run { _ in true }
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    var left = try trainer()
    for stop in [2, 5] {
      try left.run { $0.step < stop }
      try left.save(to: path)
      left = try trainer()
      try left.resume(from: path)
    }
    try left.run { _ in true }
    #expect(TinyTraining.bits(left.editor) == TinyTraining.bits(whole.editor))
    let gates = [left, whole].map {
      $0.editor.heads.centring?.gates?.parameters.floats.map(\.bitPattern)
    }
    #expect(gates[0] == gates[1])
  }

  /// One sentence that says why: heads in common, sites that see the input, blocks without a site, strengths that are none.
  @Test func othersAreRefused() throws {
    func refused(_ editor: String, _ sparsity: EditSparsity, _ words: String) {
      #expect {
        _ = try TinyTraining.trainer(
          plan(sparsity), editor: TinyTraining.editor(editor), data: TinyTraining.fixtureData())
      } throws: { error in
        "\(error)".contains("sparsity") && "\(error)".contains(words)
      }
    }
    refused("p0-plain-shared", EditSparsity(.group, strength: 1), "no latents by layer")
    refused("p4", EditSparsity(.l0, strength: 1), "interface p4")
    refused("p0", EditSparsity(layers: [2]), "on blocks of which the editor has sites, 0,1")
    refused("p0", EditSparsity(.rows, strength: -1), "a number not below 0")
  }
}
