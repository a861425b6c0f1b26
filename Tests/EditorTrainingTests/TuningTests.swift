import EditorTraining
import Foundation
import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing

/// Low-rank changes to the processor, trained with the instruction in the prompt.
@Suite struct TuningTests {
  private static let modules = Set(AdapterConfiguration.Module.allCases)

  private func adapters(_ processor: Processor, rank: Int = 3) throws -> LowRankAdapters {
    try LowRankAdapters(
      AdapterConfiguration(rank: rank, alpha: Float(2 * rank), modules: Self.modules, depth: 2),
      of: processor.configuration, seed: 4, pool: Pools.all[1])
  }

  private func trainer(_ plan: TrainingPlan, pool: ThreadPool = Pools.all[1]) throws -> Trainer {
    let processor = try TinyTraining.processor(pool: pool)
    return try Trainer(
      plan, .adapters(adapters(processor), identity: TinyTraining.identity()),
      processor: processor, data: TinyTraining.heldOutData())
  }

  private func weights(_ trainer: Trainer) -> [UInt32] {
    guard case .adapters(let adapters, _) = trainer.network else { return [] }
    return bitPatterns(adapters.parameters.floats)
  }

  /// Along the gradient of each A and B of every layer, the loss grows as long as the gradient is:
  /// (L(x + e u) - L(x - e u)) / 2 e = ||g||, u = g / ||g||. With a step of 1e-2 the two losses differ by
  /// 1e-4 and more; they are means of 12 losses in f32 of 4.6 nat, whose rounding is 1e-6 of that
  /// difference's hundredth part. The rest is the third derivative: 2 % is allowed.
  @Test func gradientsAreThoseOfTheLoss() throws {
    let processor = try TinyTraining.processor()
    let adapters = try adapters(processor)
    adapters.parameters.initialize(seed: 9, pool: Pools.one) { _ in .normal(deviation: 0.1) }
    let examples = try TinyTraining.fixtureData().train
    let batch = TrainingBatch(examples)
    let pass = try PromptedPass(
      adapters, processor: processor,
      capacity: EditorPass.Capacity(rows: 128, instructionRows: 1, sequences: 3),
      options: ProcessorTape.Options())
    let sums = try pass.accumulateGradients(
      batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
    func loss() throws -> Double {
      let losses = try pass.losses(batch, .edited)
      return losses.joined().reduce(0) { $0 + Double($1) } / Double(batch.scoredCount)
    }
    #expect(abs(try loss() - sums.meanCrossEntropy) <= 1e-6)
    let entries = adapters.parameters.layout.entries
    #expect(entries.count == 2 * 7 * 2)
    for entry in entries {
      let gradient = Array(pass.gradients.floats(of: entry.name))
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(norm > 0.004, "\(entry.name) matters")
      let parameters = adapters.parameters.floats(of: entry.name)
      let old = Array(parameters)
      func stepped(_ step: Double) throws -> Double {
        for i in old.indices { parameters[i] = old[i] + Float(step / norm * Double(gradient[i])) }
        defer { _ = parameters.update(from: old) }
        return try loss()
      }
      let found = (try stepped(1e-2) - stepped(-1e-2)) / 2e-2
      #expect(abs(found - norm) <= 0.02 * norm, "\(entry.name): \(found), \(norm)")
    }
  }

  /// Adapters of a rank above every width of the model, of which all but the first three rows and columns
  /// are zero, are those of rank 3: zeros change no sum.
  @Test func ranksMayBeLarge() throws {
    let processor = try TinyTraining.processor()
    let batch = TrainingBatch(try TinyTraining.fixtureData().train)
    var losses: [[Float]] = []
    var gradients: [[Float]] = []
    for rank in [3, 700] {
      let adapters = try LowRankAdapters(
        AdapterConfiguration(rank: rank, alpha: Float(2 * rank), modules: Self.modules, depth: 2),
        of: processor.configuration, seed: 4, pool: Pools.one)
      var random = SplitMix64(seed: 6)
      for entry in adapters.parameters.layout.entries {
        let (rows, columns) = (entry.shape.dimensions[0], entry.shape.dimensions[1])
        let isDown = entry.name.hasSuffix("lora_A")
        var values = [Float](repeating: 0, count: rows * columns)
        for i in 0..<(isDown ? 3 : rows) {
          for j in 0..<(isDown ? columns : 3) { values[i * columns + j] = 0.1 * normal(&random) }
        }
        try adapters.parameters.setValues(of: entry.name, to: values)
      }
      let pass = try PromptedPass(
        adapters, processor: processor,
        capacity: EditorPass.Capacity(rows: 128, instructionRows: 1, sequences: 3),
        options: ProcessorTape.Options())
      _ = try pass.accumulateGradients(
        batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
      losses.append(try pass.losses(batch, .edited).flatMap { $0 })
      // The first three rows of each A.
      gradients.append(
        try adapters.parameters.layout.entries.filter { $0.name.hasSuffix("lora_A") }.flatMap {
          try pass.gradients.values(of: $0.name).prefix(3 * $0.shape.dimensions[1])
        })
    }
    #expect(losses[0] == losses[1])
    #expect(gradients[0] == gradients[1])
    #expect(gradients[0].contains { $0 != 0 })
  }

  /// New adapters change nothing: the tuned processor is the prompted one, bit for bit. Trained ones
  /// answer better, and the processor without them is what it was.
  @Test func adaptersLearn() throws {
    var plan = TrainingPlan(steps: 40)
    plan.batchSize = 3
    plan.headRate = 3e-3
    let trainer = try trainer(plan)
    let before = try #require(try trainer.validate().first)
    #expect(before.edited == before.prompted && before.shuffled == before.promptedShuffled)
    #expect(before.ablated != before.prompted)
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    #expect(abs(losses[0] - before.edited) <= 1e-6)
    #expect(losses.last! < 0.6 * losses[0])
    let after = try #require(try trainer.validate().first)
    #expect(after.edited < 0.6 * before.edited)
    #expect(after.prompted == before.prompted && after.ablated == before.ablated)
    let gradients = try trainer.nextGradients()
    #expect(
      gradients.named.map(\.name).contains(
        "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"))
    #expect(trainer.memory.total > 0)
  }

  /// A run that is saved, thrown away and resumed ends with the bits of one that was not.
  @Test func resumesBitForBit() throws {
    var plan = TrainingPlan(steps: 6)
    plan.batchSize = 2
    let whole = try trainer(plan)
    try whole.run { _ in true }
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let part = try trainer(plan, pool: Pools.one)
    try part.run { $0.step < 3 }
    try part.save(to: path)
    let resumed = try trainer(plan, pool: Pools.all[2])
    try resumed.resume(from: path)
    try resumed.run { _ in true }
    #expect(weights(resumed) == weights(whole))
    #expect(weights(whole) != weights(part))
    // An editor's state is no state of adapters.
    let editor = try TinyTraining.trainer(plan, data: TinyTraining.heldOutData())
    #expect(throws: EditorTrainingError.self) { try editor.resume(from: path) }
  }

  @Test func otherObjectivesAreRefused() throws {
    var plan = TrainingPlan(steps: 1)
    plan.objective.distillation = 1
    #expect(throws: EditorTrainingError.self) { try trainer(plan) }
    var options = TrainingOptions()
    options.model = "m"
    try options.set("tune", to: "true")
    #expect(options.editor.isTuning)
    #expect(options.problems.isEmpty)
    options.objective.distillation = 1
    #expect(options.problems.map { "\($0)" }.contains { $0.contains("tune") })
    options.objective.distillation = 0
    options.editor.loraRank = 0
    #expect(options.problems.map { "\($0)" }.contains { $0.contains("lora_rank") })
    options.editor.loraRank = 4
    options.editor.isConstant = true
    #expect(options.problems.map { "\($0)" }.contains { $0.contains("tune") })
  }
}
