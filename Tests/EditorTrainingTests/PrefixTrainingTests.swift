import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Prefix editors (P8), trained in one pass over instruction, prompt and response.
@Suite struct PrefixTrainingTests {
  /// All tokens are written, or two beside the first.
  private static let folders = ["prefix/plain", "prefix/short"]

  private func editor(
    _ processor: Processor, _ folder: String = "prefix/plain"
  ) throws -> Editor {
    try Editor(
      path: OutsideFiles.fixture("\(folder)/editor.safetensors").path,
      identity: TinyTraining.identity(), processor: processor, pool: processor.pool)
  }

  /// A new editor, whose adapters change nothing yet.
  private func newEditor(_ processor: Processor) throws -> Editor {
    try Editor(
      EditorConfiguration(
        interface: .p8, processor: TinyTraining.identity(),
        backbone: .processor(
          depth: 2, width: 64,
          adapters: AdapterConfiguration(
            rank: 4, alpha: 8, modules: [.query, .attentionOutput, .gate, .up, .down], depth: 2))),
      seed: 5, processor: processor, pool: processor.pool)
  }

  private func pass(
    _ editor: Editor, _ processor: Processor, checkpoints: GradientCheckpoints = .every(1),
    backward: BackwardPrecision = .f32, distills: Bool = false
  ) throws -> any EditingPass {
    var options = ProcessorTape.Options()
    options.checkpoints = checkpoints
    options.backward = backward
    options.distills = distills
    return try editor.pass(
      through: processor,
      capacity: EditorPass.Capacity(rows: 128, instructionRows: 32, sequences: 3),
      options: options)
  }

  private func processor(
    _ set: InstructionSet = .best, pool: ThreadPool = Pools.all[1]
  ) throws -> Processor {
    try Processor(
      GGUFFile(path: TinyTraining.model), activations: .f32, pool: pool, instructionSet: set)
  }

  private func expected(_ folder: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: OutsideFiles.fixture("\(folder)/gradients.safetensors").path)
  }

  private func values(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
    try file.tensors.floats(of: file.tensors.tensor(named: name))
  }

  /// Of every A and B: cosine 0.99999 and a relative error of 1e-3 to PyTorch's autograd, the bounds of
  /// EditorGradientTests; the same bits on any number of threads and whatever is kept of the forward pass.
  @Test(arguments: InstructionSet.available, folders)
  func gradientsAreThoseOfPyTorch(set: InstructionSet, folder: String) throws {
    let file = try expected(folder)
    var reference: [[UInt32]]?
    for pool in Pools.all {
      for checkpoints in [GradientCheckpoints.off, .every(1), .every(2)] {
        let processor = try processor(set, pool: pool)
        let editor = try editor(processor, folder)
        let pass = try pass(editor, processor, checkpoints: checkpoints)
        let batch = TrainingBatch(try TinyTraining.fixtureData().train)
        let sums = try pass.accumulateGradients(
          batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
        let loss = Double(try values(file, "loss")[0])
        #expect(abs(sums.meanCrossEntropy - loss) <= 1e-5 * loss)
        let named = editor.named(backbone: pass.stores[0].gradients, heads: nil)
        #expect(named.count == 2 * 5 * 2)
        for (name, _, found) in named {
          let (cosine, error) = agreement(found, try values(file, name))
          #expect(cosine >= 0.99999, "\(name)")
          #expect(error <= 1e-3, "\(name)")
        }
        let bits = named.map { $0.2.map(\.bitPattern) }
        if let reference { #expect(bits == reference) } else { reference = bits }
      }
    }
  }

  /// Rows that begin alike read these tokens once: losses have the bits, and gradients but for the order of sums the
  /// values, of rows that are read one by one; the same bits on any number of threads and whatever is kept.
  @Test(arguments: [[7, 9, 4], Array(10..<26)]) func sharedBeginningsChangeNothing(
    beginning: [Int]
  ) throws {
    var examples = try TinyTraining.fixtureData().train
    for index in examples.indices {
      let example = examples[index]
      // The last one is nothing but the beginning.
      examples[index] = TokenizedExample(
        row: index, instruction: beginning + (index == 2 ? [] : example.instruction),
        prompt: example.prompt, response: example.response, prompted: example.prompted)
    }
    let batch = TrainingBatch(examples)
    let processor = try processor()
    let apart = try pass(editor(processor), processor, checkpoints: .off)
    for example in examples {
      _ = try apart.accumulateGradients(
        TrainingBatch([example]), EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
    }
    let wanted = Array(apart.stores[0].gradients.floats)
    let losses = try examples.flatMap { try apart.losses(TrainingBatch([$0]), .edited) }
    var reference: [UInt32]?
    for pool in Pools.all {
      for checkpoints in [GradientCheckpoints.off, .every(1), .every(2)] {
        let processor = try self.processor(pool: pool)
        let pass = try pass(editor(processor), processor, checkpoints: checkpoints)
        #expect(try pass.losses(batch, .edited) == losses)
        _ = try pass.accumulateGradients(
          batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
        let found = Array(pass.stores[0].gradients.floats)
        let (cosine, error) = agreement(found, wanted)
        #expect(cosine >= 0.9999999 && error <= 1e-5)
        let bits = found.map(\.bitPattern)
        if let reference { #expect(bits == reference) } else { reference = bits }
      }
    }
  }

  /// Ten steps of AdamW on one batch lose what PyTorch's lose.
  @Test(arguments: folders) func stepsAreThoseOfPyTorch(folder: String) throws {
    let processor = try processor()
    var plan = TrainingPlan(steps: 10)
    plan.batchSize = 3
    plan.schedule = LearningRateSchedule(.constant, warmUpSteps: 0)
    plan.clip = 0
    let trainer = try Trainer(
      plan, editor: editor(processor, folder), processor: processor,
      data: TinyTraining.fixtureData())
    var losses: [Float] = []
    try trainer.run { report in
      losses.append(Float(report.losses.meanCrossEntropy))
      return true
    }
    let wanted = try values(expected(folder), "losses")
    for (found, wanted) in zip(losses, wanted) { #expect(abs(found - wanted) <= 1e-4 * wanted) }
    #expect(losses.count == wanted.count)
  }

  /// With adapters at zero the edited processor is the prompted one with the same tokens, to the bit; and
  /// without them the ablated and the prompted one are what they are.
  @Test func newEditorsPrompt() throws {
    let processor = try processor()
    let pass = try pass(newEditor(processor), processor)
    let batch = TrainingBatch(try TinyTraining.fixtureData().train)
    let edited = try pass.losses(batch, .edited)
    #expect(edited == (try pass.losses(batch, .prompted)))
    #expect(edited == (try pass.losses(batch, .unread)))
    #expect(edited != (try pass.losses(batch, .ablated)))
    let trained = try self.pass(editor(processor), processor)
    #expect(try trained.losses(batch, .unread) == edited)
    #expect(try trained.losses(batch, .prompted) == edited)
    #expect(try trained.losses(batch, .edited) != edited)
  }

  /// What is trained is what runs: losses in training are those of inference with a cache of f32, to the bit.
  @Test(arguments: folders) func trainingIsInference(folder: String) throws {
    let processor = try processor()
    let editor = try editor(processor, folder)
    let pass = try pass(editor, processor)
    let examples = try TinyTraining.fixtureData().train
    let losses = try pass.losses(TrainingBatch(examples), .edited)
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

  /// Interrupted and resumed at any step, a training gives the bits of one that was not; and it distills.
  @Test func resumesToTheBit() throws {
    var plan = TrainingPlan(steps: 7)
    plan.batchSize = 2
    plan.objective.distillation = 0.5
    func trainer() throws -> Trainer {
      let processor = try processor()
      return try Trainer(
        plan, editor: newEditor(processor), processor: processor,
        data: TinyTraining.heldOutData())
    }
    let whole = try trainer()
    try whole.run { _ in true }
    for stop in [1, 4] {
      let path = TinyTraining.temporaryPath("state")
      defer { try? FileManager.default.removeItem(atPath: path) }
      let first = try trainer()
      try first.run { $0.step < stop }
      try first.save(to: path)
      let second = try trainer()
      try second.resume(from: path)
      try second.run { _ in true }
      #expect(TinyTraining.bits(second.editor) == TinyTraining.bits(whole.editor))
    }
    let reports = try whole.validate()
    #expect(reports.first?.split == "unseen")
  }

  /// Central differences of the loss, h = 2^-6 of a parameter's size or of a hundredth, along the gradient's largest
  /// numbers: the loss is good to some 1e-6, so differences of 1e-2 to 1e-4 are to a per cent or so.
  @Test func gradientsAreDifferences() throws {
    let processor = try processor()
    let editor = try editor(processor, "prefix/short")
    let pass = try pass(editor, processor)
    let batch = TrainingBatch(try TinyTraining.fixtureData().train)
    _ = try pass.accumulateGradients(
      batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
    let store = pass.stores[0]
    let gradients = Array(store.gradients.floats)
    let largest = gradients.indices.sorted { gradients[$0].magnitude > gradients[$1].magnitude }
    func loss() throws -> Double {
      try pass.losses(batch, .edited).joined().reduce(0) { $0 + Double($1) }
        / Double(batch.scoredCount)
    }
    for index in largest.prefix(12) {
      let value = store.parameters.floats[index]
      let h = max(value.magnitude, 0.01) / 64
      store.parameters.floats[index] = value + h
      let above = try loss()
      store.parameters.floats[index] = value - h
      let below = try loss()
      store.parameters.floats[index] = value
      let difference = (above - below) / (2 * Double(h))
      let gradient = Double(gradients[index])
      #expect(abs(difference - gradient) <= 0.02 * abs(gradient), "\(index)")
    }
  }

  /// With as many tokens as there are the two passes are the one, losses to the bit; with fewer they are not. A
  /// prefix that was shortened follows the whole one as it was, and learns to be like it.
  @Test func shortPrefixesFollowWholeOnes() throws {
    let processor = try processor()
    let batch = TrainingBatch(try TinyTraining.fixtureData().train)
    let whole = try editor(processor)
    let wholePass = try pass(whole, processor)
    let losses = try wholePass.losses(batch, .edited)
    let long = try whole.shortened(to: 50, on: processor)
    let longPass = try pass(long, processor, distills: true)
    #expect(try longPass.losses(batch, .edited) == losses)
    #expect(try longPass.losses(batch, .prompted) == wholePass.losses(batch, .prompted))
    #expect(try longPass.losses(batch, .ablated) == wholePass.losses(batch, .ablated))
    #expect(try longPass.losses(batch, .unread) == wholePass.losses(batch, .unread))
    for divergence in try longPass.divergences(batch).joined() {
      #expect(abs(divergence) <= 1e-5)
    }

    let short = try whole.shortened(to: 1, on: processor)
    let before = try pass(short, processor, distills: true).divergences(batch).joined()
    #expect(before.reduce(0, +) > 0.1)
    var plan = TrainingPlan(steps: 30)
    plan.batchSize = 3
    plan.schedule = LearningRateSchedule(.constant, warmUpSteps: 0)
    plan.headRate = 3e-3
    plan.objective = EditorObjective(crossEntropy: 0, distillation: 1)
    let trainer = try Trainer(
      plan, editor: short, processor: processor, data: TinyTraining.fixtureData())
    var divergences: [Double] = []
    try trainer.run { report in
      divergences.append(report.losses.meanDivergence)
      return true
    }
    #expect(divergences.last! < 0.8 * divergences[0], "\(divergences)")
    // Its teacher is a copy.
    let kept = try #require(short.wholePrefix).parameters.floats
    let trained = try pass(short, processor).stores[0].parameters.floats
    #expect(Array(kept) != Array(trained))
  }

  /// A shortened editor's training goes on to the bit; with another teacher it is another training.
  @Test func shortOnesResumeToTheBit() throws {
    var plan = TrainingPlan(steps: 5)
    plan.batchSize = 2
    plan.objective.distillation = 1
    func trainer(_ tokens: Int = 2, new: Bool = false) throws -> Trainer {
      let processor = try processor()
      let whole = try new ? newEditor(processor) : editor(processor)
      return try Trainer(
        plan, editor: whole.shortened(to: tokens, on: processor), processor: processor,
        data: TinyTraining.heldOutData())
    }
    let whole = try trainer()
    try whole.run { _ in true }
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let first = try trainer()
    try first.run { $0.step < 3 }
    try first.save(to: path)
    let second = try trainer()
    try second.resume(from: path)
    try second.run { _ in true }
    #expect(TinyTraining.bits(second.editor) == TinyTraining.bits(whole.editor))
    #expect(throws: EditorTrainingError.self) { try trainer(3).resume(from: path) }
  }

  /// A beginning of the prompt gives way to the instruction's.
  @Test func beginningsAreReplaced() throws {
    let example = TokenizedExample(
      row: 0, instruction: [7, 8, 9], prompt: [1, 2, 3, 4], response: [5, 6], prompted: [7, 3, 4])
    let batch = TrainingBatch([example], firstContent: 2)
    #expect(batch.prefixedSequences == [[7, 8, 9, 3, 4, 5]])
    #expect(batch.prefixedLengths == [5])
  }

  /// Rows of families come up equally often.
  @Test func familiesWeighAlike() throws {
    let folder = TinyTraining.temporaryPath("rows")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let rows = (0..<12).map { i in
      "{\"instruction\": \"do \(i)\", \"output\": \"x\", \"family\": \"\(i < 9 ? "large" : "small")\"}"
    }
    let path = folder + "/rows.jsonl"
    try rows.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    let data = try TrainingData(files: [TrainingDataFile(path: path, weight: 2)])
    let groups = RowGroups(Array(0..<12), of: data, familyRows: 6)
    #expect(groups.ofExample == Array(repeating: 0, count: 9) + Array(repeating: 1, count: 3))
    #expect(groups.weights == [12.0 / 9, 12.0 / 3])
    let plain = RowGroups(Array(0..<12), of: data, familyRows: 0)
    #expect(plain.ofExample == Array(repeating: 0, count: 12) && plain.weights == [2])

    var options = DataSplit.Options()
    options.families = 1
    let split = try DataSplit(data.rows, options)
    let held = split.heldOut.first { $0.name == "families" }?.rows ?? []
    #expect(Set(held.compactMap { data.rows[$0].family }).count == 1)
    #expect(split.train.allSatisfy { data.rows[$0].family != data.rows[held[0]].family })
    options.families = 2
    #expect(throws: EditorTrainingError.self) { try DataSplit(data.rows, options) }
  }

  /// What makes no sense with the interface is refused by name.
  @Test(
    arguments: [
      ("layers", "0"), ("positions", "all"), ("heads", "shared"), ("scale", "norm"),
      ("lora_modules", "k_proj"), ("lora_rank", "0"), ("frozen", "backbone"), ("l1", "1"),
      ("group_lasso", "1"), ("backbone", "processor:1"),
    ])
  func optionsAreChecked(name: String, value: String) throws {
    var options = TrainingOptions()
    options.model = "m"
    try options.set("interface", to: "p8")
    #expect(options.problems.isEmpty)
    try options.set(name, to: value)
    #expect(!options.problems.isEmpty)
    var other = TrainingOptions()
    other.model = "m"
    try other.set("instruction_place", to: "system")
    #expect(!other.problems.isEmpty)
    var short = TrainingOptions()
    short.model = "m"
    try short.set("prefix_tokens", to: "4")
    #expect(!short.problems.isEmpty)
    try short.set("interface", to: "p8")
    #expect(short.problems.isEmpty)
    try short.set("prefix_tokens", to: "0")
    #expect(!short.problems.isEmpty)
    try short.set("prefix_tokens", to: "all")
    #expect(short.problems.isEmpty)
    #expect(throws: EditorTrainingError.self) { try short.set("prefix_tokens", to: "few") }
  }
}
