import ArgumentParser
import EditorTraining
import LanguageModels
import LatentEditing
import TensorKernels

extension BackwardPrecision: ExpressibleByArgument {}
extension AdamW.Kind: ExpressibleByArgument {}
extension LearningRateSchedule.Shape: ExpressibleByArgument {}
extension EditorStorage: ExpressibleByArgument {}
extension EditorInterface: ExpressibleByArgument {}
extension GradientCheckpoints: ExpressibleByArgument {
  public init?(argument: String) { self.init(parsing: argument) }
}

/// The editor that is trained: one there is, or a new one.
struct NewEditorOptions: ParsableArguments {
  @Option(help: ArgumentHelp("An editor to go on with.", valueName: "file"))
  var editor: String?

  @Option(
    help: ArgumentHelp(
      "What reads the instruction in a new editor: a GPT-2 of so many blocks, width and heads, drawn "
        + "at random; or the processor's own (first) blocks, frozen, with --lora-rank. "
        + "(default: gpt2:12x768x12)", valueName: "gpt2:BxWxH|processor[:blocks]"))
  var backbone = "gpt2:12x768x12"

  @Option(help: ArgumentHelp("What it reads and where it writes.", valueName: "p0|p1|p2|p4|p5"))
  var interface: EditorInterface = .p0

  @Option(help: ArgumentHelp("The processor's blocks with a latent.", valueName: "blocks"))
  var layers: String?

  @Option(help: ArgumentHelp("The tokens with a latent.", valueName: "positions"))
  var positions: String?

  @Option(
    help: ArgumentHelp("How latents come from states.", valueName: "per-layer|shared|rank-<k>"))
  var heads = "per-layer"

  @Option(
    help: ArgumentHelp("Rank of the adapters of a processor backbone; 0 for none.", valueName: "r"))
  var loraRank = 16

  @Option(
    help: ArgumentHelp("Linear layers with adapters.", valueName: "list"))
  var loraModules = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"

  @Option(help: ArgumentHelp("p4: blocks of the backbone that look at the input.", valueName: "list"))
  var crossBlocks: String?

  /// A new editor's blueprint.
  func configuration(
    for processor: ProcessorConfiguration, identity: ProcessorIdentity
  ) throws -> EditorConfiguration {
    guard let heads = HeadKind(heads) else {
      throw ValidationError("--heads is \(heads), and must be per-layer, shared or rank-<number>")
    }
    let backbone = try backboneConfiguration(processor)
    var cross: CrossAttentionConfiguration?
    if interface == .p4 {
      let blocks = try numbers(crossBlocks ?? "\(max(1, backbone.blockCount / 2))")
      guard blocks.allSatisfy((1...backbone.blockCount).contains) else {
        throw ValidationError("--cross-blocks takes blocks from 1 to \(backbone.blockCount)")
      }
      let count = switch self.backbone {
      case let text where text.hasPrefix("gpt2"): Int(text.split(separator: "x").last ?? "") ?? 1
      default: processor.headCount
      }
      cross = CrossAttentionConfiguration(blocks: Set(blocks).sorted(), headCount: count)
    }
    return try EditorConfiguration(
      interface: interface, processor: identity, backbone: backbone,
      layers: layers.map(LayerSelection.init(parsing:)),
      positions: positions.map(PositionSelection.init(parsing:)), heads: heads,
      crossAttention: cross)
  }

  private func numbers(_ text: String) throws -> [Int] {
    try text.split(separator: ",").map {
      guard let number = Int($0) else { throw ValidationError("\($0) in \(text) is no number") }
      return number
    }
  }

  private func backboneConfiguration(
    _ processor: ProcessorConfiguration
  ) throws -> BackboneConfiguration {
    let parts = backbone.split(separator: ":", maxSplits: 1).map(String.init)
    switch parts.first {
    case "gpt2" where parts.count == 2:
      let sizes = parts[1].split(separator: "x").map { Int($0) }
      guard sizes.count == 3, let blocks = sizes[0], let width = sizes[1], let heads = sizes[2]
      else { break }
      return .gpt2(
        try GPT2Configuration(
          contextLength: 1024, width: width, blockCount: blocks, headCount: heads,
          vocabularySize: processor.vocabularySize, source: "--backbone \(backbone)"),
        tokenizer: .processor)
    case "processor":
      guard let depth = parts.count == 1 ? processor.layerCount : Int(parts[1]),
        (1...processor.layerCount).contains(depth)
      else { break }
      return .processor(
        depth: depth, width: processor.hiddenSize, adapters: try adapters(depth: depth))
    default: break
    }
    throw ValidationError(
      "--backbone is \(backbone), and must be gpt2:BLOCKSxWIDTHxHEADS, or processor[:BLOCKS] with at "
        + "most \(processor.layerCount) blocks")
  }

  private func adapters(depth: Int) throws -> AdapterConfiguration? {
    guard loraRank > 0 else { return nil }
    let modules = try loraModules.split(separator: ",").map { name in
      guard let module = AdapterConfiguration.Module(rawValue: String(name)) else {
        throw ValidationError(
          "--lora-modules has \(name); there are "
            + AdapterConfiguration.Module.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return module
    }
    return AdapterConfiguration(
      rank: loraRank, alpha: Float(2 * loraRank), modules: Set(modules), depth: depth)
  }
}

/// How it is trained.
struct TrainingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Optimizer steps.", valueName: "n"))
  var steps = 1000

  @Option(help: ArgumentHelp("Examples of a batch.", valueName: "n"))
  var batchSize = 8

  @Option(help: ArgumentHelp("Batches of a step.", valueName: "n"))
  var gradAccumulation = 1

  @Option(help: ArgumentHelp("Longest sequence, prompt and response.", valueName: "n"))
  var maxSeqLength = 512

  @Option(help: ArgumentHelp("Learning rate of heads and gates.", valueName: "x"))
  var learningRate: Float = 1e-3

  @Option(help: ArgumentHelp("Learning rate of the backbone; 0 freezes it.", valueName: "x"))
  var backboneLearningRate: Float = 5e-5

  @Option(help: ArgumentHelp("Decoupled decay of matrices.", valueName: "x"))
  var weightDecay: Float = 0.01

  @Option(help: ArgumentHelp("How the rates go.", valueName: "constant|cosine|linear"))
  var schedule: LearningRateSchedule.Shape = .cosine

  @Option(help: ArgumentHelp("Steps until the rates are reached.", valueName: "n"))
  var warmup = 20

  @Option(help: ArgumentHelp("Greatest norm of a gradient; 0 for any.", valueName: "x"))
  var clip = 1.0

  @Option(help: ArgumentHelp("Moments in f32 or in 8 bits.", valueName: "adamw|adamw8bit"))
  var optimizer: AdamW.Kind = .f32

  @Option(
    name: .customLong("cross-entropy"),
    help: ArgumentHelp("Weight of the responses' cross-entropy.", valueName: "x"))
  var crossEntropy: Float = 1

  @Flag(help: "Also follow the processor that has the instruction in its prompt (KL).")
  var distill = false

  @Option(help: ArgumentHelp("Weight of --distill.", valueName: "x"))
  var distillWeight: Float = 1

  @Option(help: ArgumentHelp("Weight of the latents' relative norms (group lasso).", valueName: "x"))
  var groupLasso: Float = 0

  @Option(help: ArgumentHelp("Weight of the L1 norm of the heads' matrices.", valueName: "x"))
  var l1: Float = 0

  @Option(
    help: ArgumentHelp(
      "Block inputs that are kept for the backward pass.", valueName: "every=K|off"))
  var gradCheckpoint: GradientCheckpoints = .every(1)

  @Option(help: ArgumentHelp("Numbers the backward pass multiplies.", valueName: "f32|bf16"))
  var backward: BackwardPrecision = .f32

  @Option(help: ArgumentHelp("Order of the data, and the random start.", valueName: "n"))
  var seed: UInt64 = 0

  /// What determines the result.
  var plan: TrainingPlan {
    var plan = TrainingPlan(steps: steps)
    plan.batchSize = batchSize
    plan.accumulation = gradAccumulation
    plan.objective = EditorObjective(
      crossEntropy: crossEntropy, distillation: distill ? distillWeight : 0,
      groupLasso: groupLasso)
    plan.backboneRate = backboneLearningRate
    plan.headRate = learningRate
    plan.gateRate = learningRate
    plan.weightDecay = weightDecay
    plan.clip = clip
    plan.schedule = LearningRateSchedule(schedule, warmUpSteps: warmup, floor: 0.1)
    plan.optimizer.kind = optimizer
    plan.l1 = l1
    plan.seed = seed
    return plan
  }

  var execution: Trainer.Execution {
    var execution = Trainer.Execution()
    execution.checkpoints = gradCheckpoint
    execution.backward = backward
    return execution
  }

  func validate() throws {
    for (name, value, most) in [
      ("--steps", steps, 1 << 40), ("--batch-size", batchSize, 1 << 16),
      ("--grad-accumulation", gradAccumulation, 1 << 16),
      ("--max-seq-length", maxSeqLength, 1 << 20),
    ] where !(1...most).contains(value) {
      throw ValidationError("\(name) is \(value), and must be from 1 to \(most)")
    }
    for (name, value) in [
      ("--learning-rate", learningRate), ("--backbone-learning-rate", backboneLearningRate),
      ("--weight-decay", weightDecay), ("--group-lasso", groupLasso), ("--l1", l1),
      ("--cross-entropy", crossEntropy), ("--distill-weight", distillWeight), ("--clip", Float(clip)),
    ] where !(value >= 0 && value.isFinite) {
      throw ValidationError("\(name) is \(value), and must be a number that is not negative")
    }
    if warmup < 0 { throw ValidationError("--warmup is \(warmup), and must not be negative") }
    if crossEntropy == 0, !distill {
      throw ValidationError("--cross-entropy 0 leaves nothing to learn from; add --distill")
    }
  }
}
