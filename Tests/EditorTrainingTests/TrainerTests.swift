import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

@Suite struct TrainerTests {
  /// Ten steps of AdamW on one batch, against PyTorch with the same editor file
  /// (tools/witness/editor_gradients.py): every loss within 1e-4, as was asked.
  @Test(
    arguments: [
      "p0", "p0-plain-shared", "p1", "p2", "p4", "p4-adapters", "p4-processor", "p5", "p7",
      "p7-plain-shared",
    ])
  func followsPyTorch(name: String) throws {
    let tensors = try SafetensorsFile(
      path: OutsideFiles.fixture("editor/\(name)/gradients.safetensors").path
    ).tensors
    let expected = try tensors.floats(of: tensors.tensor(named: "losses"), elements: 0..<10)
    var plan = TrainingPlan(steps: 10)
    plan.batchSize = 3
    plan.backboneRate = 1e-3
    plan.clip = 0
    let trainer = try TinyTraining.trainer(
      plan, editor: TinyTraining.editor(name), data: TinyTraining.fixtureData())
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    #expect(losses.count == 10)
    for (found, wanted) in zip(losses, expected) {
      #expect(abs(found - Double(wanted)) <= 1e-4 * Double(wanted))
    }
  }

  /// A run that is saved, thrown away and resumed ends with the bits of one that was not, with any
  /// moments and number of threads.
  @Test(arguments: AdamW.Kind.allCases)
  func resumesBitForBit(kind: AdamW.Kind) throws {
    var plan = TinyTraining.plan
    plan.optimizer.kind = kind
    let whole = try TinyTraining.trainer(plan)
    try whole.run { _ in true }
    let expected = TinyTraining.bits(whole.editor)

    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    var left: Trainer? = try TinyTraining.trainer(plan, pool: Pools.one)
    for stop in [1, 4, 7] {
      try left!.run { $0.step < stop }
      #expect(left!.step == stop)
      try left!.save(to: path)
      left = try TinyTraining.trainer(plan, pool: Pools.all[stop % 3])
      try left!.resume(from: path)
    }
    try left!.run { _ in true }
    #expect(left!.step == plan.steps)
    #expect(TinyTraining.bits(left!.editor) == expected)
  }

  /// The same of an editor of values, in eight bits too.
  @Test(arguments: [BackwardPrecision.f32, .int8])
  func editsOfValuesResumeBitForBit(backward: BackwardPrecision) throws {
    var execution = Trainer.Execution()
    execution.backward = backward
    func trainer(_ kept: GradientCheckpoints) throws -> Trainer {
      var own = execution
      own.checkpoints = kept
      return try Trainer(
        TinyTraining.plan, editor: TinyTraining.editor("p7"), processor: TinyTraining.processor(),
        data: TinyTraining.randomData(), execution: own)
    }
    let whole = try trainer(.every(1))
    let start = TinyTraining.bits(whole.editor)
    try whole.run { _ in true }
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let left = try trainer(.off)
    try left.run { $0.step < 5 }
    try left.save(to: path)
    let resumed = try trainer(.every(2))
    try resumed.resume(from: path)
    try resumed.run { _ in true }
    #expect(TinyTraining.bits(resumed.editor) == TinyTraining.bits(whole.editor))
    #expect(TinyTraining.bits(whole.editor) != start)
  }

  /// Accumulated batches are one step: the same gradient as of one larger batch, to rounding.
  @Test func batchesAccumulate() throws {
    var large = TrainingPlan(steps: 1)
    large.batchSize = 4
    var small = large
    small.batchSize = 2
    small.accumulation = 2
    let data = Trainer.Data(
      randomSequences: 4, tokens: 9, instructionTokens: 5, vocabularySize: 100, seed: 1)
    let a = try TinyTraining.trainer(large, data: data).nextGradients()
    let b = try TinyTraining.trainer(small, data: data).nextGradients()
    #expect(abs(a.loss - b.loss) <= 1e-6 * a.loss)
    for (x, y) in zip(a.named, b.named) {
      let size = x.values.map(\.magnitude).max() ?? 0
      for (p, q) in zip(x.values, y.values) { #expect(abs(p - q) <= 1e-5 * size + 1e-9) }
    }
  }

  /// A frozen GPT-2 keeps its bits and has no gradients nor a place in the state; the heads, and what looks
  /// at the input between its blocks, have the gradients that they have beside one that is trained.
  @Test(arguments: ["p0", "p4"])
  func aFrozenBackboneCostsNoBackwardPass(name: String) throws {
    var plan = TinyTraining.plan
    let data = try TinyTraining.fixtureData()
    plan.batchSize = 3
    let trained = try TinyTraining.trainer(plan, editor: TinyTraining.editor(name), data: data)
    plan.backboneRate = 0
    func frozen() throws -> Trainer {
      try TinyTraining.trainer(plan, editor: TinyTraining.editor(name), data: data)
    }
    let whole = try frozen()
    let expected = try trained.nextGradients().named.filter { !$0.name.hasPrefix("backbone.") }
    let found = try whole.nextGradients().named
    #expect(found.map(\.name) == expected.map(\.name))
    #expect(found.contains { $0.values.contains { $0 != 0 } })
    #expect(found.contains { $0.name.contains("cross") } == (name == "p4"))
    for (x, y) in zip(found, expected) { #expect(bitPatterns(x.values) == bitPatterns(y.values)) }
    let gpt2 = try #require(whole.editor.backbone as? GPT2).parameters
    #expect(whole.memory.gradients == whole.editor.heads.parameters.byteCount)
    #expect(whole.memory.editor == trained.memory.editor)
    #expect(whole.parameterCounts.total == trained.parameterCounts.total)
    #expect(
      whole.parameterCounts.trained == trained.parameterCounts.total - gpt2.layout.elementCount)

    // It is resumed on the same weights alone, which the state does not have.
    let before = bitPatterns(gpt2.floats)
    let start = TinyTraining.bits(whole.editor)
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try whole.run { $0.step < 4 }
    try whole.save(to: path)
    try whole.run { _ in true }
    let resumed = try frozen()
    try resumed.resume(from: path)
    try resumed.run { _ in true }
    #expect(TinyTraining.bits(resumed.editor) == TinyTraining.bits(whole.editor))
    #expect(bitPatterns(gpt2.floats) == before && TinyTraining.bits(whole.editor) != start)
    let other = try frozen()
    try #require(other.editor.backbone as? GPT2).parameters.floats[0] += 1
    let error = #expect(throws: EditorTrainingError.self) { try other.resume(from: path) }
    #expect("\(error!)".contains("weights of the backbone"), "\(error!)")
  }

  /// Heads that begin as what is read: LayerNorm's rows have the mean 0 and the variance 1, and half of the start
  /// is half of the latents.
  @Test func headsBeginAsTheReading() throws {
    func latents(_ amount: Float) throws -> [[Float]] {
      let editor = try TinyTraining.adapterEditor()
      editor.heads.startAsRead(amount)
      return try editor.edit([5, 9, 2]).sites.map(\.latent)
    }
    let (whole, half) = (try latents(1), try latents(0.5))
    #expect(!whole.isEmpty && Set(whole).count == whole.count)
    for (whole, half) in zip(whole, half) {
      let count = Float(whole.count)
      #expect(abs(whole.reduce(0, +)) / count < 1e-4)
      #expect(abs(whole.reduce(0) { $0 + $1 * $1 } / count - 1) < 1e-2)
      #expect(half == whole.map { $0 / 2 })
    }
  }

  /// Every other sequence of unrelated text is under an instruction that asks for nothing, from the second on.
  @Test func idleInstructionsTakeTurns() throws {
    func trained(_ steps: Int, idle: [[Int]]) throws -> [UInt32] {
      var plan = TrainingPlan(steps: 3)
      plan.batchSize = 2
      plan.objective.regularizers[.locality] = 2
      var data = try TinyTraining.fixtureData()
      let prose = [[4, 8, 15, 16], [23, 42, 11]].map {
        TokenizedExample(unrelated: $0, instruction: [])
      }
      data.locality = LocalityData(prose: prose, idle: idle)
      let trainer = try TinyTraining.trainer(plan, data: data)
      try trainer.run { $0.step < steps }
      return TinyTraining.bits(trainer.editor)
    }
    #expect(try trained(1, idle: [[7, 9]]) == trained(1, idle: []))
    #expect(try trained(3, idle: [[7, 9]]) != trained(3, idle: []))
  }

  /// An editor that was not trained yet is the unedited model, bit for bit, and another instruction
  /// changes nothing; the prompted losses are others.
  @Test func untrainedEditorIsNoEdit() throws {
    let trainer = try TinyTraining.trainer(
      TinyTraining.plan, data: TinyTraining.heldOutData())
    let report = try #require(try trainer.validate().first)
    #expect(report.edited == report.ablated)
    #expect(report.shuffled == report.ablated)
    #expect(report.prompted != report.ablated)
    #expect(report.promptedShuffled != report.prompted)
    #expect(report.tokenCount == 3 * 4)
  }

  /// What was planned is what there is, and distillation learns without any target: the divergence
  /// from the prompted processor falls.
  @Test func distillationLearns() throws {
    var plan = TrainingPlan(steps: 60)
    plan.batchSize = 3
    plan.objective = EditorObjective(crossEntropy: 0, distillation: 1)
    plan.headRate = 3e-3
    plan.backboneRate = 3e-3
    let trainer = try TinyTraining.trainer(plan, data: TinyTraining.heldOutData())
    var divergences: [Double] = []
    try trainer.run { report in
      divergences.append(report.losses.meanDivergence)
      return true
    }
    #expect(divergences.last! < 0.3 * divergences[0])
    #expect(trainer.memory.total > 0)
  }

  /// Adapters on the processor's own blocks learn too, and nothing else of the backbone is there to
  /// change.
  @Test func adaptersLearn() throws {
    var plan = TrainingPlan(steps: 40)
    plan.batchSize = 3
    plan.headRate = 3e-3
    plan.backboneRate = 3e-3
    let trainer = try TinyTraining.trainer(
      plan, editor: TinyTraining.adapterEditor(), data: TinyTraining.fixtureData())
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    #expect(losses.last! < 0.6 * losses[0])
    let path = TinyTraining.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try trainer.editor.write(to: path)
    let read = try Editor(
      path: path, identity: TinyTraining.identity(), processor: TinyTraining.processor(),
      pool: Pools.one)
    #expect(TinyTraining.bits(read) == TinyTraining.bits(trainer.editor))
  }
}
