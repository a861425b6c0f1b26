import Crypto
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels

/// Everything that has a part in the bits of a training's steps, as names and texts: a training's state
/// holds it, and a run with another record is no continuation. What has no part is left out: threads,
/// how many block inputs are kept, where files lie, validation, and when states are saved.
struct TrainingRecord: Codable, Equatable {
  struct Entry: Codable, Equatable {
    var name: String
    var value: String
  }

  /// Options and digests.
  private(set) var entries: [Entry] = []
  /// What decided which examples there are: named where the examples differ, and otherwise free.
  private(set) var origin: [Entry] = []

  init(
    _ plan: TrainingPlan, _ network: TrainedNetwork, _ processor: Processor,
    _ execution: Trainer.Execution, _ data: Trainer.Data
  ) {
    add(plan)
    switch network {
    case .editor(let editor):
      add(editor, isFrozen: plan.backboneRate == 0)
      add("tokenizer", network.tokenizerDigest.map { String($0.prefix(32)) } ?? "the model's")
      add("model", editor.configuration.processor.digest.prefix(32))
    case .adapters(let adapters, let identity):
      add("tune", "true")
      add(adapters.configuration)
      add("model", identity.digest.prefix(32))
    case .reader(let reader):
      add("edits that are read", reader.edits.digest)
      add(reader.adapters.configuration)
      add("model", reader.identity.digest.prefix(32))
    }
    add("weights of the model", ProcessorIdentity.sample(of: processor.file).prefix(32))
    add("rotary scaling of the model", "\(processor.configuration.ropeScaling)")
    add("norms' epsilon of the model", processor.configuration.rmsNormEpsilon)
    add("activations", processor.activations.rawValue)
    add("kernels", "\(processor.instructionSet)")
    add("backward", execution.backward.rawValue)
    add("grad_checkpoint", execution.checkpoints.isRounded ? "bf16" : "f32")
    add("data", data.digest)
    origin = data.origin.map { Entry(name: $0.name, value: $0.value) }
  }

  private mutating func add(_ name: String, _ value: some CustomStringConvertible) {
    entries.append(Entry(name: name, value: value.description))
  }

  // A number's description is the shortest text that reads back as the same bits.
  private mutating func add(_ plan: TrainingPlan) {
    add("steps", plan.steps)
    add("batch_size", plan.batchSize)
    add("grad_accumulation_steps", plan.accumulation)
    add("seed", plan.seed)
    add("optimizer", plan.optimizer.kind.rawValue)
    add("beta1", plan.optimizer.beta1)
    add("beta2", plan.optimizer.beta2)
    add("epsilon", plan.optimizer.epsilon)
    for (name, rate) in zip(
      ["backbone", "head", "gate"], [plan.backboneRate, plan.headRate, plan.gateRate])
    {
      add(name + "_learning_rate", rate == 0 ? "0 (frozen)" : "\(rate)")
    }
    add("weight_decay", plan.weightDecay)
    add("schedule", plan.schedule.shape.rawValue)
    add("warmup", plan.schedule.warmUpSteps)
    add("schedule_floor", plan.schedule.floor)
    add("clip", plan.clip)
    add("cross_entropy", plan.objective.crossEntropy)
    add("distill", plan.objective.distillation)
    add("sparsity", plan.sparsity.map { "centred heads, \($0)" } ?? "none")
    for regularizer in Regularizer.allCases {
      add(regularizer.rawValue, plan.objective.regularizers[regularizer])
    }
  }

  private mutating func add(_ editor: Editor, isFrozen: Bool) {
    let c = editor.configuration
    add("interface", c.interface.rawValue)
    switch c.backbone {
    case .gpt2(let g, let tokenizer):
      add(
        "backbone",
        "gpt2:\(g.blockCount)x\(g.width)x\(g.headCount) (inner width \(g.innerWidth), context "
          + "\(g.contextLength), vocabulary \(g.vocabularySize), epsilon \(g.layerNormEpsilon), "
          + "tokens of \(tokenizer.rawValue))")
    case .processor(let depth, let width, _):
      add("backbone", "processor:\(depth) (width \(width))")
    }
    switch editor.backbone {
    case let adapted as AdaptedGPT2:
      let shape = adapted.adapters.configuration
      addAdapters(shape.rank, shape.alpha, shape.modules.map(\.rawValue))
      add("weights of the backbone", Self.digest(adapted.model.parameters))
    case let gpt2 as GPT2 where isFrozen:
      add("weights of the backbone", Self.digest(gpt2.parameters))
    case let processor as ProcessorBackbone:
      if let adapters = processor.adapters { add(adapters.configuration) }
    default: break
    }
    if let place = c.instructionPlace { add("instruction_place", place.rawValue) }
    if let tokens = c.prefixTokens { add("prefix_tokens", tokens) }
    if let whole = editor.wholePrefix {
      add("adapters that are followed", Self.digest(whole.parameters))
    }
    add("layers", LayerSelection(c.layers))
    add("positions", c.positions)
    add("placement", c.placement.rawValue)
    add("scale", c.scale.rawValue)
    add("heads", c.heads)
    if let cross = c.crossAttention {
      add("cross_blocks", cross.blocks.map(String.init).joined(separator: ","))
      add("heads of the cross-attention", cross.headCount)
    }
  }

  private static func digest(_ parameters: ParameterStore) -> String {
    var hash = SHA256()
    hash.update(bufferPointer: UnsafeRawBufferPointer(parameters.floats))
    return hash.finalize().prefix(16).hexadecimal
  }

  private mutating func add(_ adapters: AdapterConfiguration) {
    addAdapters(adapters.rank, adapters.alpha, adapters.modules.map(\.rawValue))
    add("blocks with adapters", adapters.depth)
  }

  private mutating func addAdapters(_ rank: Int, _ alpha: Float, _ modules: [String]) {
    add("lora_rank", rank)
    add("alpha of the adapters", alpha)
    add("lora_modules", modules.sorted().joined(separator: ","))
  }

  // MARK: Comparing

  /// What this record, of a state after `step` steps, has otherwise than `given`. The number of steps
  /// may change where no rate depends on it, to no fewer than were taken.
  func differences(from given: TrainingRecord, afterStep step: Int) -> [TrainingDifference] {
    func value(_ name: String, _ entries: [Entry]) -> String {
      entries.first { $0.name == name }?.value ?? "none"
    }
    func compare(_ known: [Entry], _ given: [Entry]) -> [TrainingDifference] {
      let names =
        known.map(\.name)
        + given.map(\.name).filter { name in
          !known.contains { $0.name == name }
        }
      return names.compactMap { name in
        let (found, wanted) = (value(name, known), value(name, given))
        return found == wanted
          ? nil : TrainingDifference(name: name, found: found, given: wanted)
      }
    }
    let isConstant =
      value("schedule", entries) == LearningRateSchedule.Shape.constant.rawValue
    var differences = compare(entries, given.entries)
    if isConstant {
      differences.removeAll { $0.name == "steps" }
      if let steps = Int(value("steps", given.entries)), steps < step {
        differences.append(
          TrainingDifference(name: "steps", found: "\(step), all taken,", given: "\(steps)"))
      }
    }
    // Other examples are best explained by what made them others.
    if let data = differences.firstIndex(where: { $0.name == "data" }) {
      let causes = compare(origin, given.origin)
      if !causes.isEmpty { differences.replaceSubrange(data...data, with: causes) }
    }
    return differences
  }
}

extension Trainer.Data {
  /// The number of examples, and a digest of all that training sees of them: the tokens of each, its file,
  /// how often the files come up, the unrelated text and what asks for nothing.
  fileprivate var digest: String {
    var hash = SHA256()
    func add(_ numbers: [Int]) {
      ([numbers.count] + numbers).map { Int64($0).littleEndian }.withUnsafeBytes {
        hash.update(bufferPointer: $0)
      }
    }
    add([train.count, firstContent])
    add(weights.map { Int(bitPattern: UInt($0.bitPattern)) })
    for (example, file) in zip(train, files) {
      add([file])
      for tokens in [example.instruction, example.prompt, example.response, example.prompted] {
        add(tokens)
      }
    }
    for example in locality.prose { add(example.prompt + example.response) }
    for example in locality.answers {
      add(example.prompt)
      add(example.response)
    }
    for instruction in locality.idle { add(instruction) }
    return "\(train.count) examples (\(hash.finalize().prefix(16).hexadecimal))"
  }
}
