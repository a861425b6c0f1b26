import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// A training goes on to the bits of one that was never interrupted, or it is refused by the name of what
/// differs.
@Suite struct ResumeTests {
  /// The names of what differs between `saved`, after one step, and `other`; empty where it goes on.
  private func differences(_ saved: Trainer, _ other: Trainer) throws -> [String] {
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    if saved.step == 0 { try saved.run { _ in false } }
    try saved.save(to: path)
    do { try other.resume(from: path) } catch {
      guard case .startedOtherwise(path, let differences) = error else { throw error }
      #expect(differences.allSatisfy { $0.found != $0.given })
      #expect(other.step == 0, "nothing was read")
      return differences.map(\.name)
    }
    return []
  }

  private static let changes: [(name: String, change: @Sendable (inout TrainingPlan) -> Void)] = [
    ("steps", { $0.steps += 1 }), ("batch_size", { $0.batchSize += 1 }),
    ("grad_accumulation_steps", { $0.accumulation += 1 }),
    ("cross_entropy", { $0.objective.crossEntropy = 0.5 }),
    ("distill", { $0.objective.distillation = 1 }),
    ("group_lasso", { $0.objective.regularizers[.groupLasso] *= 2 }),
    ("backbone_learning_rate", { $0.backboneRate = $0.backboneRate.nextUp }),
    ("head_learning_rate", { $0.headRate = $0.headRate.nextUp }),
    ("gate_learning_rate", { $0.gateRate = 0 }), ("weight_decay", { $0.weightDecay = 0 }),
    ("clip", { $0.clip = 0 }), ("schedule", { $0.schedule.shape = .linear }),
    ("warmup", { $0.schedule.warmUpSteps += 1 }), ("schedule_floor", { $0.schedule.floor = 0.5 }),
    ("optimizer", { $0.optimizer.kind = .eightBit }), ("beta1", { $0.optimizer.beta1 = 0.8 }),
    ("beta2", { $0.optimizer.beta2 = 0.99 }), ("epsilon", { $0.optimizer.epsilon = 1e-6 }),
    ("locality", { $0.objective.regularizers[.locality] = 1 }),
    ("l1", { $0.objective.regularizers[.l1] *= 2 }), ("seed", { $0.seed += 1 }),
    ("sparsity", { $0.sparsity = EditSparsity() }),
  ]

  /// Every number of a plan, of which there are as many as changes here.
  @Test func otherPlansAreRefused() throws {
    func leaves(_ value: Any) -> Int {
      let children = Mirror(reflecting: value).children
      return children.isEmpty ? 1 : children.reduce(0) { $0 + leaves($1.value) }
    }
    #expect(leaves(TinyTraining.plan) == Self.changes.count)
    let saved = try TinyTraining.trainer(TinyTraining.plan)
    for (name, change) in Self.changes {
      var plan = TinyTraining.plan
      change(&plan)
      #expect(try differences(saved, TinyTraining.trainer(plan)) == [name])
    }
    #expect(try differences(saved, TinyTraining.trainer(TinyTraining.plan)) == [])
  }

  /// The message has the file, the field, what was found and what was given.
  @Test func theRefusalIsOneSentence() throws {
    let error = EditorTrainingError.startedOtherwise(
      path: "run/training.state",
      differences: [
        TrainingDifference(name: "steps", found: "5", given: "3"),
        TrainingDifference(name: "clip", found: "1.0", given: "0.0"),
      ])
    #expect(
      "\(error)"
        == "run/training.state was written with steps 5, clip 1.0, and this run has steps 3, "
        + "clip 0.0; resume with the options that it was started with, or choose another --output")
  }

  private func editor(
    layers: [Int] = [0], heads: HeadKind = .shared, headCount: Int = 2,
    _ change: (inout EditorConfiguration) -> Void = { _ in }
  ) throws -> Editor {
    var configuration = try EditorConfiguration(
      interface: .p0, processor: TinyTraining.identity(),
      backbone: .gpt2(
        GPT2Configuration(
          contextLength: 64, width: 24, blockCount: 2, headCount: headCount, vocabularySize: 100),
        tokenizer: .processor), layers: LayerSelection(layers), heads: heads)
    change(&configuration)
    return try Editor(configuration, seed: 5, pool: Pools.all[1])
  }

  /// Another function of as many parameters.
  @Test func otherEditorsAreRefused() throws {
    let plan = TinyTraining.plan
    let saved = try TinyTraining.trainer(plan, editor: editor())
    let wrong: [(String, Editor)] = [
      ("layers", try editor(layers: [1])), ("backbone", try editor(headCount: 3)),
      ("positions", try editor { $0.positions = .last }),
      ("positions", try editor { $0.positions = .ghost }),
      ("placement", try editor { $0.placement = $0.placement == .before ? .after : .before }),
      ("scale", try editor { $0.scale = $0.scale == .plain ? .norm : .plain }),
      ("interface", try editor { $0.interface = .p1 }), ("heads", try editor(heads: .perLayer)),
    ]
    for (name, editor) in wrong {
      #expect(try differences(saved, TinyTraining.trainer(plan, editor: editor)) == [name])
    }
    #expect(try differences(saved, TinyTraining.trainer(plan, editor: editor())) == [])
  }

  /// Adapters on the processor's own blocks: keys and values have layers of one shape.
  @Test func otherAdaptersAreRefused() throws {
    func trainer(_ modules: Set<AdapterConfiguration.Module>, alpha: Float = 8) throws -> Trainer {
      let processor = try TinyTraining.processor()
      let editor = try Editor(
        EditorConfiguration(
          interface: .p0, processor: TinyTraining.identity(),
          backbone: .processor(
            depth: 2, width: 64,
            adapters: AdapterConfiguration(rank: 4, alpha: alpha, modules: modules, depth: 2))),
        seed: 5, processor: processor, pool: Pools.all[1])
      return try TinyTraining.trainer(TinyTraining.plan, editor: editor)
    }
    let saved = try trainer([.query, .key])
    #expect(try differences(saved, trainer([.query, .value])) == ["lora_modules"])
    #expect(try differences(saved, trainer([.query, .key], alpha: 4)) == ["alpha of the adapters"])
    #expect(try differences(saved, trainer([.query, .key])) == [])
  }

  /// The same model in another quantization, other activations, kernels and roundings of the backward pass.
  @Test func otherArithmeticIsRefused() throws {
    func trainer(
      _ file: String = "llama/f32.gguf", _ activations: ActivationPrecision = .f32,
      _ set: InstructionSet = .best, _ change: (inout Trainer.Execution) -> Void = { _ in }
    ) throws -> Trainer {
      var execution = Trainer.Execution()
      change(&execution)
      let processor = try Processor(
        GGUFFile(path: OutsideFiles.fixture(file).path), activations: activations,
        pool: Pools.all[1], instructionSet: set)
      return try Trainer(
        TinyTraining.plan, editor: TinyTraining.newEditor(pool: Pools.all[1]),
        processor: processor, data: TinyTraining.randomData(), execution: execution)
    }
    let saved = try trainer()
    #expect(try differences(saved, trainer("llama/f16.gguf")) == ["weights of the model"])
    // Another model, whose positions turn otherwise.
    #expect(
      try differences(saved, trainer("llama/q8_0.gguf"))
        == ["weights of the model", "rotary scaling of the model"])
    #expect(try differences(saved, trainer("llama/f32.gguf", .int8)) == ["activations"])
    if InstructionSet.best != .portable {
      #expect(try differences(saved, trainer("llama/f32.gguf", .f32, .portable)) == ["kernels"])
    }
    if InstructionSet.available.contains(.avx512bf16) {
      #expect(
        try differences(saved, trainer("llama/f32.gguf", .f32, .best) { $0.backward = .bf16 })
          == ["backward"])
    }
    func checkpoints(_ kept: GradientCheckpoints) throws -> Trainer {
      try trainer("llama/f32.gguf", .f32, .best) { $0.checkpoints = kept }
    }
    #expect(try differences(saved, checkpoints(.every(1, rounded: true))) == ["grad_checkpoint"])
    #expect(
      try differences(checkpoints(.every(1, rounded: true)), trainer()) == ["grad_checkpoint"])
    // What is kept of the forward pass changes no bit, and is free.
    let whole = try trainer()
    try whole.run { _ in true }
    for kept in [GradientCheckpoints.off, .every(2)] {
      let other = try checkpoints(kept)
      #expect(try differences(saved, other) == [])
      try other.run { _ in true }
      #expect(TinyTraining.bits(other.editor) == TinyTraining.bits(whole.editor))
    }
  }

  /// Tokens, not lengths alone; what decided about the examples is named where they are others.
  @Test func otherDataIsRefused() throws {
    func trainer(_ change: (inout Trainer.Data) -> Void = { _ in }) throws -> Trainer {
      var data = TinyTraining.randomData()
      data.weights = [1, 1]
      data.files[0] = 1
      data.locality = LocalityData(prose: [
        TokenizedExample(unrelated: [1, 2, 3], instruction: [])
      ])
      data.origin = [("max_seq_length", "64"), ("chat_template", "plain")]
      change(&data)
      return try TinyTraining.trainer(TinyTraining.plan, data: data)
    }
    func changing(
      _ example: TokenizedExample, instruction: Int = 0, prompt: Int = 0, response: Int = 0,
      prompted: Int = 0
    ) -> TokenizedExample {
      func next(_ tokens: [Int], _ change: Int) -> [Int] {
        tokens.dropLast() + [(tokens[tokens.count - 1] + change) % 100]
      }
      return TokenizedExample(
        row: example.row, instruction: next(example.instruction, instruction),
        prompt: next(example.prompt, prompt), response: next(example.response, response),
        prompted: next(example.prompted, prompted))
    }
    let saved = try trainer()
    let wrong: [(inout Trainer.Data) -> Void] = [
      { $0.train[3] = changing($0.train[3], instruction: 1) },
      { $0.train[3] = changing($0.train[3], prompt: 1) },
      { $0.train[3] = changing($0.train[3], response: 1) },
      { $0.train[3] = changing($0.train[3], prompted: 1) },
      { $0.train.swapAt(0, 1) }, { $0.files[1] = 1 }, { $0.weights[1] = 0.5 },
      { $0.firstContent = 1 },
      { $0.locality = LocalityData(prose: $0.locality.prose, idle: [[1]]) },
      { $0.locality = LocalityData(answers: $0.locality.prose) },
      {
        $0.locality = LocalityData(
          prose: [TokenizedExample(unrelated: [1, 7, 3], instruction: [])])
      },
    ]
    for change in wrong { #expect(try differences(saved, trainer(change)) == ["data"]) }
    let cut = try trainer {
      $0.train[3] = changing($0.train[3], response: 1)
      $0.origin[0].value = "32"
    }
    #expect(try differences(saved, cut) == ["max_seq_length"])
    #expect(try differences(saved, trainer { $0.origin[0].value = "128" }) == [])
  }

  /// Where rates stay what they are, more steps go on to the bits of a run that had as many from the
  /// start; fewer than were taken are refused.
  @Test func aConstantScheduleGoesOn() throws {
    var plan = TinyTraining.plan
    plan.schedule = LearningRateSchedule(.constant, warmUpSteps: 3)
    var short = plan
    short.steps = 2
    let whole = try TinyTraining.trainer(plan)
    try whole.run { _ in true }
    let begun = try TinyTraining.trainer(short)
    try begun.run { _ in true }
    let resumed = try TinyTraining.trainer(plan)
    #expect(try differences(begun, resumed) == [])
    try resumed.run { _ in true }
    #expect(resumed.step == plan.steps)
    #expect(TinyTraining.bits(resumed.editor) == TinyTraining.bits(whole.editor))
    #expect(try differences(whole, TinyTraining.trainer(short)) == ["steps"])
  }
}
