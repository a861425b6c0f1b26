import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing
import TensorKernels

/// Trains an editor through a frozen processor, or low-rank changes to the processor itself.
///
///     let trainer = try Trainer(plan, editor: editor, processor: processor, data: data, options: options)
///     if let path { try trainer.resume(from: path) }
///     try trainer.run { report in ... }          // false stops after the step
///
/// The same plan, data and start give the same bits, whatever the number of threads and wherever the
/// run was interrupted and resumed. Used by one thread at a time.
public final class Trainer {
  /// Examples to train on and to measure with.
  public struct Data: Sendable {
    /// To train on.
    public var train: [TokenizedExample]
    /// The file of each.
    public var files: [Int]
    /// How often the rows of each file come up.
    public var weights: [Double]
    /// Where the content of prompts begins.
    public var firstContent: Int
    /// Options that decided which examples there are and how they are written: where a training is resumed
    /// with other examples, those that differ are named.
    public var origin: [(name: String, value: String)] = []
    /// What the edited processor is to leave as it is.
    public var locality = LocalityData()
    /// Held-out examples by the name of their split, each with another one's instruction and with the
    /// prompt that has it.
    public var validation: [(name: String, examples: [HeldOutExample])]

    /// Examples, and what belongs to them.
    public init(
      train: [TokenizedExample], files: [Int], weights: [Double], firstContent: Int,
      validation: [(name: String, examples: [HeldOutExample])] = []
    ) {
      self.train = train
      self.files = files
      self.weights = weights
      self.firstContent = firstContent
      self.validation = validation
    }
  }

  /// Memory and precision of the passes.
  public struct Execution: Sendable, Hashable {
    /// Which block inputs the forward pass keeps.
    public var checkpoints = GradientCheckpoints.every(1)
    /// In which numbers the backward pass multiplies.
    public var backward = BackwardPrecision.f32

    /// Every input is kept, and gradients are f32.
    public init() {}
  }

  /// Bytes of the largest parameter that is trained: what is written rounded is copied first, one at a time.
  public var largestParameterBytes: Int {
    let entries = stores.flatMap { $0.parameters.layout.entries }
    return entries.map { 4 * $0.floatCount }.max() ?? 0
  }

  /// What is trained.
  public let network: TrainedNetwork
  /// What determines the result.
  public let plan: TrainingPlan
  /// Steps taken.
  public internal(set) var step = 0
  /// All that the training takes; whoever runs it adds what the program takes by itself.
  public var memory: TrainingMemory

  /// The ranks that train together; nil where this process trains by itself.
  public let ranks: Communicator?

  let data: Data
  let exchange: GradientExchange?
  var hasJoined = false
  let pass: any TrainingPass
  let optimizer: AdamW
  var sampler: BatchSampler
  let stores: [TrainedStore]
  let processor: Processor
  private let proximal: ProximalSteps?
  private let execution: Execution
  lazy var record = TrainingRecord(plan, network, processor, execution, data)

  /// Trains `editor`: memory for the largest batch, and an optimizer at its start. Throws
  /// `EditorTrainingError` and `LatentEditingError`.
  public convenience init(
    _ plan: TrainingPlan, editor: Editor, processor: Processor, data: Data,
    execution: Execution = Execution(), teachers: TeacherCache? = nil
  ) throws {
    try self.init(
      plan, .editor(editor), processor: processor, data: data, execution: execution,
      teachers: teachers)
  }

  /// Trains `network`, as above; `teachers` keeps what a plan that distills follows. Adapters learn by the
  /// cross-entropy alone: a plan with another objective is refused with `EditorTrainingError.option`.
  ///
  /// Of `ranks` each has a part of every batch, whose size must be a multiple of their number. All of them call `run`,
  /// `save`, `resume`, `nextGradients` and `validate` alike, and each gets the whole batch's losses.
  public init(
    _ plan: TrainingPlan, _ network: TrainedNetwork, processor: Processor, data: Data,
    execution: Execution = Execution(), teachers: TeacherCache? = nil, ranks: Communicator? = nil
  ) throws {
    let rankCount = ranks?.count ?? 1
    guard plan.batchSize % rankCount == 0 else {
      throw EditorTrainingError.option(
        name: "batch_size", found: "\(plan.batchSize)",
        needed: "a multiple of the \(rankCount) ranks that train")
    }
    self.ranks = ranks
    self.plan = plan
    self.network = network
    self.data = data
    self.processor = processor
    self.execution = execution
    var options = ProcessorTape.Options()
    options.checkpoints = execution.checkpoints
    options.backward = execution.backward
    options.distills =
      plan.objective.distillation != 0 || plan.objective.regularizers[.locality] != 0
    if let sparsity = plan.sparsity {
      guard case .editor(let editor) = network, ranks == nil else {
        throw EditorTrainingError.option(
          name: "sparsity", found: "\(sparsity)",
          needed: ranks == nil
            ? "left out where the processor is tuned" : "left out where several ranks train")
      }
      try sparsity.prepare(editor, data)
      proximal =
        [.group, .rows].contains(sparsity.kind)
        ? ProximalSteps(
          editor.heads, byRows: sparsity.kind == .rows, kappa: sparsity.strength) : nil
    } else {
      proximal = nil
    }
    let capacity = Trainer.capacity(
      plan, data, network, batchSize: plan.batchSize / rankCount)
    switch network {
    case .editor(let editor):
      pass = try editor.pass(
        through: processor, capacity: capacity, options: options, teachers: teachers,
        freezesBackbone: plan.backboneRate == 0)
      if let sparsity = plan.sparsity, sparsity.gating != .none {
        (pass as? EditorPass)?.gatePenalty = Float(sparsity.strength)
      }
    case .adapters(let adapters, _):
      try plan.checkPlain()
      pass = try PromptedPass(
        adapters, processor: processor, capacity: capacity, options: options,
        measuresBase: data.validation.contains { !$0.examples.isEmpty })
    case .reader(let reader):
      try plan.checkPlain()
      precondition(data.validation.isEmpty, "a reader is not validated")
      pass = try ReaderPass(reader, processor: processor, capacity: capacity, options: options)
    }
    stores = pass.stores
    let headStage = pass.headStage(of:)
    let trained = stores.flatMap { Trainer.trained(plan, $0, headStage: headStage) }
    exchange = try ranks.map { ranks throws(EditorTrainingError) in
      try GradientExchange(
        ranks,
        ParameterShares(
          trained.map(\.range), stages: trained.map(\.stage), rank: ranks.rank, count: ranks.count))
    }
    pass.stages = exchange
    optimizer = try AdamW(
      plan.optimizer,
      groups: [
        OptimizerGroup(
          name: "backbone", learningRate: plan.backboneRate, weightDecay: plan.weightDecay),
        OptimizerGroup(name: "heads", learningRate: plan.headRate, weightDecay: plan.weightDecay),
        OptimizerGroup(name: "gates", learningRate: plan.rates[2]),
        OptimizerGroup(name: "sites", learningRate: plan.rates[3]),
      ], ranges: trained.map(\.range), owned: exchange?.shares.owned, pool: processor.pool)
    sampler = try BatchSampler(
      lengths: data.train.map { network.mixesLengths ? 0 : $0.length }, files: data.files,
      weights: data.weights,
      batchSize: plan.batchSize, seed: plan.seed)
    memory = TrainingMemory(
      processor: processor.weightBytes,
      editor: stores.reduce(pass.frozen?.byteCount ?? 0) { $0 + $1.parameters.byteCount },
      gradients: stores.reduce(0) { $0 + $1.gradients.byteCount },
      moments: optimizer.stateByteCount,
      processorPass: pass.tape.byteCount,
      editorPass: pass.byteCount)
    memory.exchange = exchange?.byteCount ?? 0
  }

  /// The editor that is trained; there must be one.
  public var editor: Editor {
    guard case .editor(let editor) = network else {
      preconditionFailure("adapters are trained, and no editor")
    }
    return editor
  }

  /// Room for the largest batches of training and validation.
  private static func capacity(
    _ plan: TrainingPlan, _ data: Data, _ network: TrainedNetwork, batchSize: Int
  ) -> EditorPass.Capacity {
    var ghost = 0
    var readsPrompted = true
    if case .editor(let editor) = network {
      ghost = editor.configuration.positions == .ghost ? 1 : 0
      readsPrompted = plan.objective.distillation != 0
    }
    let isPrefixed = network.hasFront
    func more(_ instruction: Int) -> Int { ghost + (isPrefixed ? instruction : 0) }
    if isPrefixed { ghost = 0 }
    var longest = data.train.map { example in
      max(
        example.prompt.count + more(example.instruction.count),
        readsPrompted ? example.prompted.count : 0) + example.response.count
    }
    var instructions = data.train.map(\.instruction.count)
    instructions += data.locality.idle.map(\.count)
    let longestInstruction = instructions.max() ?? 0
    longest += data.locality.all.map { $0.length + more(longestInstruction) }
    for (_, examples) in data.validation {
      longest += examples.map { $0.longestSequence(ghosts: more($0.longestInstruction)) }
      instructions += examples.map(\.longestInstruction)
    }
    return EditorPass.Capacity(
      sequences: longest, instructions: instructions, batchSize: batchSize)
  }

  /// Steps in an epoch.
  public var stepsPerEpoch: Int {
    (sampler.batchesPerEpoch + plan.accumulation - 1) / plan.accumulation
  }

  // MARK: Steps

  /// Trains until the plan's last step, or until `onStep` returns false. Throws `EditorTrainingError`
  /// (`diverged` where a gradient is no number) and `LatentEditingError`.
  public func run(_ onStep: (StepReport) throws -> Bool) throws {
    try join()
    while step < plan.steps {
      guard try onStep(takeStep()) else { break }
    }
    try exchange?.finishParameters()
  }

  /// The batches of the next step.
  func nextBatches() -> [TrainingBatch] {
    (0..<plan.accumulation).map { _ in
      TrainingBatch(sampler.next().map { data.train[$0] }, firstContent: data.firstContent)
    }
  }

  /// One pass of a step.
  private struct Part {
    let batch: TrainingBatch
    let isLocality: Bool
    /// What its gradients are rounded with, where that is drawn.
    let seed: RoundingSeed
  }

  /// The passes of a step that are this rank's: of each batch every Nth example, since examples of like length lie
  /// side by side, and of unrelated text every Nth sequence.
  private func parts(_ batches: [TrainingBatch]) -> [Part] {
    let rank = ranks?.rank ?? 0
    let count = ranks?.count ?? 1
    return batches.enumerated().flatMap { index, batch -> [Part] in
      var parts: [Part] = []
      let number = step * plan.accumulation + index
      let own = stride(from: rank, to: batch.examples.count, by: count).map { batch.examples[$0] }
      if !own.isEmpty {
        parts.append(
          Part(
            batch: TrainingBatch(own, firstContent: batch.firstContent), isLocality: false,
            seed: RoundingSeed(plan.seed, UInt64(number), UInt64(2 * rank))))
      }
      if number % count == rank, let text = locality(beside: batch, number) {
        parts.append(
          Part(
            batch: text, isLocality: true,
            seed: RoundingSeed(plan.seed, UInt64(number), UInt64(2 * rank + 1))))
      }
      return parts
    }
  }

  /// The gradients of this rank's part of a step, added up over its batches.
  func accumulate(_ batches: [TrainingBatch]) throws -> LossSums {
    let scored = batches.reduce(0) { $0 + $1.scoredCount }
    let examples = batches.reduce(0) { $0 + $1.examples.count }
    var sums = LossSums()
    let parts = parts(batches)
    for (index, part) in parts.enumerated() {
      exchange?.isLastPass = index == parts.count - 1
      pass.seedRounding(part.seed)
      guard part.isLocality else {
        sums += try pass.accumulateGradients(
          part.batch, plan.objective, tokenCount: scored, exampleCount: examples)
        continue
      }
      _ = try pass.accumulateGradients(
        part.batch,
        EditorObjective(crossEntropy: 0, distillation: plan.objective.regularizers[.locality]),
        tokenCount: part.batch.scoredCount * plan.accumulation,
        exampleCount: part.batch.examples.count)
    }
    return sums
  }

  /// Adds up a step's gradients and `sums` over the ranks; the sum of the squares of all gradients.
  private func reduce(_ sums: inout LossSums) throws(EditorTrainingError) -> Double {
    guard let exchange else { return optimizer.sumOfSquares() }
    try exchange.finishParameters()
    try exchange.finishGradients()
    let own = [
      optimizer.sumOfSquares(), Double(sums.tokenCount), sums.crossEntropy, sums.divergence,
    ]
    let all: [[Double]]
    do { all = try exchange.ranks.gather(own) } catch { throw .ranks(error) }
    sums = LossSums()
    for rank in all {
      sums.tokenCount += Int(rank[1])
      sums.crossEntropy += rank[2]
      sums.divergence += rank[3]
    }
    return all.reduce(0) { $0 + $1[0] }
  }

  /// Number `number` of the sequences of unrelated text, beside the batch whose first instruction it may have;
  /// the teacher is the unedited processor.
  private func locality(beside batch: TrainingBatch, _ number: Int) -> TrainingBatch? {
    guard plan.objective.regularizers[.locality] > 0,
      let example = data.locality.example(number, under: batch.examples[0].instruction)
    else { return nil }
    // A text is its own first token's continuation; a row has the template's opening in front.
    return TrainingBatch(
      [example], firstContent: min(data.firstContent, example.prompt.count - 1))
  }

  /// The sum of the schedule's factors over the run.
  private lazy var rateFactors: Double = (0..<plan.steps).reduce(0) {
    $0 + plan.schedule.factor(step: $1, of: plan.steps)
  }

  private func takeStep() throws -> StepReport {
    let clock = ContinuousClock()
    let start = clock.now
    let batches = nextBatches()
    exchange?.beginGradients()
    var sums = try accumulate(batches)
    let norm = try reduce(&sums).squareRoot()
    guard norm.isFinite else { throw EditorTrainingError.diverged(step: step + 1) }
    let factor = plan.schedule.factor(step: step, of: plan.steps)
    optimizer.step(
      scale: factor,
      gradientScale: plan.clip > 0 ? clippingFactor(norm: norm, limit: plan.clip) : 1)
    if case .editor(let editor) = network {
      plan.objective.regularizers.shrink(
        editor.heads.parameters, rate: Float(factor) * plan.headRate)
      proximal?.step(factor / rateFactors)
    }
    if let exchange {
      exchange.beginParameters()
      // What other ranks update comes from them, and its gradients are theirs.
      for store in stores { store.gradients.clear() }
    }
    // The optimizer clears only what it changes.
    for (entry, gradients) in frozenEntries {
      gradients.floats(of: entry.name).update(repeating: 0)
    }
    step += 1
    return StepReport(
      step: step, losses: sums, gradientNorm: norm, rateFactor: factor,
      tokenCount: batches.reduce(0) { $0 + $1.examples.reduce(0) { $0 + $1.length } },
      seconds: start.duration(to: clock.now) / .seconds(1))
  }
}
