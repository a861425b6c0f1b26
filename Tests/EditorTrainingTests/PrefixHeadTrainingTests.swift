import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Prefix editors (P8) that read with a GPT-2: heads make the states of its tokens.
@Suite struct PrefixHeadTrainingTests {
  private static let names = ["heads", "heads-short", "heads-shared"]

  private func processor(
    _ set: InstructionSet = .best, pool: ThreadPool = Pools.all[1]
  ) throws -> Processor {
    try Processor(
      GGUFFile(path: TinyTraining.model), activations: .f32, pool: pool, instructionSet: set)
  }

  private func editor(_ processor: Processor, _ name: String = "heads") throws -> Editor {
    try Editor(
      path: OutsideFiles.fixture("prefix/\(name)/editor.safetensors").path,
      identity: TinyTraining.identity(), processor: processor, pool: processor.pool)
  }

  private func pass(
    _ editor: Editor, _ processor: Processor, checkpoints: GradientCheckpoints = .every(1),
    distills: Bool = false, freezesBackbone: Bool = false
  ) throws -> any EditingPass {
    var options = ProcessorTape.Options()
    options.checkpoints = checkpoints
    options.distills = distills
    return try editor.pass(
      through: processor,
      capacity: EditorPass.Capacity(rows: 128, instructionRows: 64, sequences: 3),
      options: options, freezesBackbone: freezesBackbone)
  }

  /// The rows that PyTorch had, to train on and to measure with.
  private func data() throws -> Trainer.Data {
    struct Row: Decodable {
      let instruction: [Int]
      let prompt: [Int]
      let response: [Int]
    }
    struct Batch: Decodable { let rows: [Row] }
    let batch = try JSONDecoder().decode(
      Batch.self, from: Data(contentsOf: OutsideFiles.fixture("prefix/heads-batch.json")))
    let examples = batch.rows.enumerated().map { index, row in
      TokenizedExample(
        row: index, instruction: row.instruction, prompt: row.prompt, response: row.response,
        prompted: [1, 2, 3] + row.prompt)
    }
    var data = Trainer.Data(train: examples, files: [0, 0, 0], weights: [1], firstContent: 0)
    data.validation = [
      (
        "unseen",
        examples.enumerated().map { index, example in
          HeldOutExample(
            example: example, otherInstruction: examples[(index + 1) % 3].instruction,
            otherPrompted: [4, 5] + example.prompt)
        }
      )
    ]
    return data
  }

  private func expected(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: OutsideFiles.fixture("prefix/\(name)/gradients.safetensors").path)
  }

  private func values(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
    try file.tensors.floats(of: file.tensors.tensor(named: name))
  }

  /// Of every parameter: cosine 0.99999 and a relative error of 1e-3 to PyTorch's autograd, the bounds of
  /// EditorGradientTests; the same bits on any number of threads and whatever is kept of the forward pass.
  @Test(arguments: InstructionSet.available, names)
  func gradientsAreThoseOfPyTorch(set: InstructionSet, name: String) throws {
    let file = try expected(name)
    var reference: [[UInt32]]?
    for pool in Pools.all {
      for checkpoints in [GradientCheckpoints.off, .every(1), .every(2)] {
        let processor = try processor(set, pool: pool)
        let editor = try editor(processor, name)
        let pass = try pass(editor, processor, checkpoints: checkpoints)
        let batch = TrainingBatch(try data().train)
        let sums = try pass.accumulateGradients(
          batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
        let loss = Double(try values(file, "loss")[0])
        #expect(abs(sums.meanCrossEntropy - loss) <= 1e-5 * loss)
        let named = editor.named(
          backbone: pass.stores[0].gradients, heads: pass.stores[1].gradients)
        for (name, _, found) in named {
          guard name != "mean" else {
            #expect(found.allSatisfy { $0 == 0 })
            continue
          }
          let wanted = try values(file, name)
          // Of the bias of keys there is no gradient, and rounding of another kind on each side.
          guard wanted.contains(where: { $0.magnitude > 1e-7 }) else { continue }
          let (cosine, error) = agreement(found, wanted)
          #expect(cosine >= 0.99999, "\(name)")
          #expect(error <= 1e-3, "\(name)")
        }
        let bits = named.map { $0.2.map(\.bitPattern) }
        if let reference { #expect(bits == reference) } else { reference = bits }
      }
    }
  }

  /// Ten steps of AdamW on one batch lose what PyTorch's lose.
  @Test(arguments: names) func stepsAreThoseOfPyTorch(name: String) throws {
    let processor = try processor()
    var plan = TrainingPlan(steps: 10)
    plan.batchSize = 3
    plan.backboneRate = 1e-3
    plan.schedule = LearningRateSchedule(.constant, warmUpSteps: 0)
    plan.clip = 0
    let trainer = try Trainer(
      plan, editor: editor(processor, name), processor: processor, data: data())
    let mean = Array(trainer.editor.heads.parameters.floats(of: "mean"))
    var losses: [Float] = []
    try trainer.run { report in
      losses.append(Float(report.losses.meanCrossEntropy))
      return true
    }
    let wanted = try values(expected(name), "losses")
    for (found, wanted) in zip(losses, wanted) { #expect(abs(found - wanted) <= 1e-4 * wanted) }
    #expect(losses.count == wanted.count)
    // It is measured where the editor is written, and no parameter that steps change.
    #expect(Array(trainer.editor.heads.parameters.floats(of: "mean")) == mean)
    let (trained, total) = trainer.parameterCounts
    #expect(total - trained == 2 * 64)
  }

  /// Central differences of the loss, as in PrefixTrainingTests, along the largest gradients of network and heads.
  @Test func gradientsAreDifferences() throws {
    let processor = try processor()
    let editor = try editor(processor)
    let pass = try pass(editor, processor)
    let batch = TrainingBatch(try data().train)
    _ = try pass.accumulateGradients(
      batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
    func loss() throws -> Double {
      try pass.losses(batch, .edited).joined().reduce(0) { $0 + Double($1) }
        / Double(batch.scoredCount)
    }
    for store in pass.stores {
      let gradients = Array(store.gradients.floats)
      let largest = gradients.indices.sorted { gradients[$0].magnitude > gradients[$1].magnitude }
      for index in largest.prefix(8) {
        let value = store.parameters.floats[index]
        let h = max(value.magnitude, 0.01) / 64
        store.parameters.floats[index] = value + h
        let above = try loss()
        store.parameters.floats[index] = value - h
        let below = try loss()
        store.parameters.floats[index] = value
        let difference = (above - below) / (2 * Double(h))
        let gradient = Double(gradients[index])
        #expect(abs(difference - gradient) <= 0.02 * abs(gradient), "\(store.part) \(index)")
      }
    }
  }

  /// What is trained is what runs: losses in training are those of inference with a cache of f32.
  @Test(arguments: names) func trainingIsInference(name: String) throws {
    let processor = try processor()
    let editor = try editor(processor, name)
    let examples = try data().train
    let losses = try pass(editor, processor).losses(TrainingBatch(examples), .edited)
    for (example, found) in zip(examples, losses) {
      let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
      for position in try editor.readPrefix(
        example.instruction, on: processor, cacheType: .f32)
      { try state.append(position) }
      var other: [[Float]] = []
      try state.forwardAll(example.prompt + example.response) { _, logits in
        other.append((0..<logits.count).map { logits[$0] })
      }
      for (i, target) in example.response.enumerated() {
        let logits = other[example.prompt.count - 1 + i]
        let largest = logits.max()!
        let sum = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
        let loss = log(sum) - Double(logits[target] - largest)
        // The logits are the same bits; their softmax is summed in another order here.
        #expect(abs(loss - Double(found[i])) <= 2e-6 * max(1, loss))
      }
    }
  }

  /// Interrupted and resumed at any step, on another number of threads, a training gives the bits of one that was not:
  /// of all parameters, of adapters on the network, and of the heads alone; and it distills.
  @Test(arguments: ["all", "adapters", "heads"]) func resumesToTheBit(trained: String) throws {
    var plan = TrainingPlan(steps: 6)
    plan.batchSize = 2
    plan.objective.distillation = 0.5
    if trained == "heads" { plan.backboneRate = 0 }
    func trainer(_ pool: ThreadPool) throws -> Trainer {
      let processor = try self.processor(pool: pool)
      var editor = try editor(processor)
      if trained == "adapters" {
        editor = try editor.withAdapters(
          GPT2AdapterConfiguration(
            rank: 2, alpha: 4, modules: Set(GPT2AdapterConfiguration.Module.allCases)), seed: 3)
      }
      return try Trainer(plan, editor: editor, processor: processor, data: data())
    }
    let whole = try trainer(Pools.all[1])
    let before = TinyTraining.bits(whole.editor)
    try whole.run { _ in true }
    #expect(TinyTraining.bits(whole.editor) != before)
    for stop in [1, 4] {
      let path = TinyTraining.temporaryPath("state")
      defer { try? FileManager.default.removeItem(atPath: path) }
      let first = try trainer(Pools.one)
      try first.run { $0.step < stop }
      try first.save(to: path)
      let second = try trainer(Pools.all[stop % 3])
      try second.resume(from: path)
      try second.run { _ in true }
      #expect(TinyTraining.bits(second.editor) == TinyTraining.bits(whole.editor))
    }
    let reports = try whole.validate()
    #expect(reports.first?.split == "unseen")
    // What is written is what was trained, adapters merged, its mean measured.
    let path = TinyTraining.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try whole.writeNetwork(to: path, storage: .f32)
    let processor = try processor()
    let read = try Editor(
      path: path, identity: TinyTraining.identity(), processor: processor, pool: processor.pool)
    let mean = Array(read.heads.parameters.floats(of: "mean"))
    try read.measureMean(over: data().train.map(\.instruction), on: processor)
    for (found, wanted) in zip(mean, read.heads.parameters.floats(of: "mean")) {
      #expect(abs(found - wanted) <= 1e-4 * max(1, abs(wanted)))
    }
    #expect(mean.contains { $0 != 0 })
  }

  /// Conditions without an edit are the processor's own, the edit follows its instruction, and what cannot be measured
  /// is refused elsewhere: a prefix that heads write has no reader without adapters.
  @Test func conditions() throws {
    let processor = try processor()
    let editor = try editor(processor)
    let pass = try pass(editor, processor, distills: true)
    let batch = TrainingBatch(try data().train)
    let edited = try pass.losses(batch, .edited)
    let ablated = try pass.losses(batch, .ablated)
    #expect(edited != ablated)
    let others = batch.replacingInstructions(batch.examples.reversed().map(\.instruction))
    #expect(try pass.losses(others, .edited) != edited)
    #expect(try pass.losses(others, .ablated) == ablated)
    #expect(try pass.divergences(batch).joined().allSatisfy { $0 > 0 })
    #expect(try pass.changes(batch, .edited).joined().allSatisfy { $0 > 0 })
    #expect(try pass.changes(batch, .ablated).joined().allSatisfy { abs($0) <= 1e-6 })
  }

  /// Steps do not take more memory than was planned.
  @Test func memoryIsPlanned() throws {
    let processor = try processor()
    let pass = try pass(editor(processor), processor)
    let planned = pass.byteCount
    let batch = TrainingBatch(try data().train)
    _ = try pass.accumulateGradients(
      batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
    #expect(pass.byteCount == planned)
  }

  /// What makes sense with a GPT-2 is taken, and what does not is refused by name.
  @Test func optionsAreChecked() throws {
    func options(_ more: [(String, String)]) throws -> TrainingOptions {
      var options = TrainingOptions()
      options.model = "m"
      try options.set("interface", to: "p8")
      try options.set("backbone", to: "gpt2:2x16x2")
      for (name, value) in more { try options.set(name, to: value) }
      return options
    }
    for (name, value) in [
      ("heads", "rank-4"), ("lora_rank", "4"), ("frozen", "backbone"), ("frozen", "heads"),
      ("l1", "0.1"), ("prefix_tokens", "4"), ("instruction_place", "system"), ("lora_rank", "0"),
    ] {
      #expect(try options([(name, value)]).problems.isEmpty, "\(name)")
    }
    for (name, value) in [
      ("layers", "0"), ("positions", "all"), ("scale", "norm"), ("head_start", "0.1"),
      ("group_lasso", "1"), ("frozen", "gates"), ("lora_modules", "q_proj"), ("cross_blocks", "1"),
    ] {
      #expect(try !options([(name, value)]).problems.isEmpty, "\(name)")
    }
    #expect(
      try options([
        ("prefix_tokens", "4"), ("distill", "1"), ("teacher_cache", "folder"),
      ]).problems.isEmpty)
  }
}
