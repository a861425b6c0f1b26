import InstructionEditors
import LanguageModels
import LatentEditing
import Tokenization

extension TrainingOptions {
  /// What determines the result.
  public var plan: TrainingPlan {
    var plan = TrainingPlan(steps: run.steps)
    plan.batchSize = run.batchSize
    plan.accumulation = run.accumulation
    plan.objective = EditorObjective(
      crossEntropy: objective.crossEntropy, distillation: objective.distillation,
      regularizers: objective.regularizers)
    let o = optimization
    func rate(_ part: String, _ own: Float?, _ other: Float) -> Float {
      editor.frozen.contains(part) ? 0 : own ?? other
    }
    plan.backboneRate = rate("backbone", o.backboneRate, o.learningRate / 10)
    plan.headRate = rate("heads", o.headRate, o.learningRate)
    plan.gateRate = rate("gates", o.gateRate, o.learningRate)
    plan.weightDecay = o.weightDecay
    plan.clip = o.clip
    plan.schedule = o.schedule
    plan.optimizer = AdamW.Options(
      kind: o.optimizer, beta1: o.beta1, beta2: o.beta2, epsilon: o.epsilon)
    plan.sparsity = objective.sparsity
    plan.seed = run.seed
    return plan
  }

  /// Memory and precision of the passes.
  public var execution: Trainer.Execution {
    var execution = Trainer.Execution()
    execution.checkpoints = gradients.checkpoints
    execution.backward = gradients.backward
    return execution
  }

  /// How rows are split, with the run's seed.
  public var split: DataSplit.Options {
    var split = validation.split
    split.seed = run.seed
    split.families = validation.families
    return split
  }

  /// The options that, beside the files' contents and the seed, decide which examples there are and how
  /// they are written (`Trainer.Data.origin`).
  public var dataOrigin: [(name: String, value: String)] {
    let split = validation.split
    return [
      ("chat_template", chatTemplate ?? "the model's"),
      ("max_seq_length", "\(run.maxSequenceLength)"), ("constant", "\(editor.isConstant)"),
      ("fields", fields.names.joined(separator: ",")), ("family_rows", "\(run.familyRows)"),
      ("validate_families", "\(validation.families)"), ("unseen_part", "\(split.unseen)"),
      ("seen_part", "\(split.seen)"), ("compositional_part", "\(split.compositional)"),
      ("weights of the files", data.map { "\($0.weight)" }.joined(separator: ",")),
      ("locality_text", objective.localityTexts == nil ? "none" : "given"),
      ("locality_instructions", objective.localityInstructions == nil ? "none" : "given"),
    ]
  }

  /// How long sequences may be for a processor, and instructions for a network that reads at most
  /// `instruction` tokens.
  public func limits(
    for processor: ProcessorConfiguration, instruction: Int, response: Int? = nil
  ) -> TokenizedExamples.Limits {
    TokenizedExamples.Limits(
      sequence: min(run.maxSequenceLength, processor.contextLength),
      instruction: min(instruction, processor.contextLength), response: response)
  }

  /// What is to be trained: an editor (see `editor`), or new adapters of the processor. Parameters and
  /// errors as `editor` has them.
  public func network(
    for processor: Processor, identity: ProcessorIdentity, tokenizer: Tokenizer
  ) throws -> TrainedNetwork {
    guard editor.isTuning else {
      return .editor(try editor(for: processor, identity: identity, tokenizer: tokenizer))
    }
    return .adapters(
      try LowRankAdapters(
        processorAdapters(depth: processor.configuration.layerCount), of: processor.configuration,
        seed: run.seed, pool: processor.pool),
      identity: identity)
  }

  /// The editor to train: the file's, or a new one for `processor`. Throws `EditorTrainingError.option`,
  /// `LatentEditingError`, `LanguageModelError` and `TokenizationError` for what cannot be read or does not
  /// fit. A GPT-2 has new adapters where a rank is given.
  ///
  /// - Parameters:
  ///   - processor: the processor.
  ///   - identity: which model it is.
  ///   - tokenizer: the processor's; a backbone from files with another one gets its own.
  public func editor(
    for processor: Processor, identity: ProcessorIdentity, tokenizer: Tokenizer
  ) throws -> Editor {
    let made = try wholeEditor(for: processor, identity: identity, tokenizer: tokenizer)
    switch made.configuration.backbone {
    case .gpt2:
      let made = try shortened(made, on: processor)
      guard let adapters = try gpt2Adapters() else { return made }
      return try made.withAdapters(adapters, seed: run.seed)
    case .processor(let depth, _, let adapters):
      if editor.file != nil { try checkAdapters(depth: depth, ofFile: adapters) }
      return try shortened(made, on: processor)
    }
  }

  /// The editor with as few tokens as are asked for. Throws `option` where it has no whole prefix.
  private func shortened(_ made: Editor, on processor: Processor) throws -> Editor {
    guard let tokens = editor.prefixTokens else { return made }
    guard made.configuration.interface.isPrefix else {
      throw EditorTrainingError.option(
        name: "prefix_tokens", found: "\(tokens)", needed: "left out: the editor is no p8 editor")
    }
    guard made.configuration.prefixTokens == nil else {
      throw EditorTrainingError.option(
        name: "prefix_tokens", found: "\(tokens)",
        needed:
          "left out: the editor writes \(made.configuration.prefixTokens ?? 0) tokens already; begin from one "
          + "that writes all")
    }
    return try made.shortened(to: tokens, on: processor)
  }

  private func wholeEditor(
    for processor: Processor, identity: ProcessorIdentity, tokenizer: Tokenizer
  ) throws -> Editor {
    if let path = editor.file {
      return try Editor(path: path, identity: identity, processor: processor, pool: processor.pool)
    }
    guard case .files(let path)? = editor.backbone else {
      let made = try Editor(
        configuration(
          backboneConfiguration(processor.configuration), processor.configuration, identity),
        seed: run.seed, processor: processor, pool: processor.pool)
      try start(made, on: processor, tokenizer)
      return made
    }
    let files = try BackboneFiles(
      path: path, processor: tokenizer, vocabularySize: processor.configuration.vocabularySize,
      pool: processor.pool)
    let configuration = try configuration(
      .gpt2(files.model.configuration, tokenizer: files.tokenizer == nil ? .processor : .own),
      processor.configuration, identity)
    let heads = try EditorHeads(configuration, seed: run.seed, pool: processor.pool)
    let made = try Editor(
      configuration, backbone: files.model, heads: heads, tokenizer: files.tokenizer,
      pool: processor.pool)
    try start(made, on: processor, tokenizer)
    return made
  }

  /// The start of the heads: of those that make a prefix the processor's own state of a line break, and of others as it is
  /// asked for. Throws `option` where a state does not have the width of the stream that it would be copied to.
  private func start(
    _ made: Editor, on processor: Processor, _ tokenizer: Tokenizer
  ) throws {
    if made.configuration.hasPrefixHeads, let place = made.configuration.instructionPlace {
      let template = try PromptTemplate(name: chatTemplate, for: tokenizer.vocabulary)
      try made.startAsLast(
        of: template.opening(with: "", in: place, with: tokenizer), on: processor)
    }
    let heads = made.heads
    guard editor.headStart != 0 else { return }
    let (found, needed) = (
      heads.configuration.backbone.width, heads.configuration.processor.width
    )
    guard found == needed else {
      throw EditorTrainingError.option(
        name: "head_start", found: "\(editor.headStart)",
        needed: "0: the backbone has states of \(found) numbers, and the model's have \(needed)")
    }
    heads.startAsRead(editor.headStart)
  }

  private func configuration(
    _ backbone: BackboneConfiguration, _ processor: ProcessorConfiguration,
    _ identity: ProcessorIdentity
  ) throws -> EditorConfiguration {
    try EditorConfiguration(
      interface: editor.interface ?? .p0, processor: identity, backbone: backbone,
      layers: editor.layers.map(LayerSelection.init(parsing:)),
      positions: editor.positions.map(PositionSelection.init(parsing:)),
      scale: editor.scale.flatMap(LatentScale.init),
      heads: editor.heads.flatMap(HeadKind.init) ?? .perLayer,
      crossAttention: crossAttention(backbone, processor),
      instructionPlace: editor.instructionPlace,
      valueWidth: processor.valueWidth)
  }

  private func backboneConfiguration(
    _ processor: ProcessorConfiguration
  ) throws -> BackboneConfiguration {
    switch editor.backbone ?? (makesPrefix ? .processor(depth: nil) : .usual) {
    case .gpt2(let blocks, let width, let heads):
      return .gpt2(
        try GPT2Configuration(
          width: width, blockCount: blocks, headCount: heads,
          vocabularySize: processor.vocabularySize, source: "backbone"),
        tokenizer: .processor)
    case .files: preconditionFailure("its blueprint is in the files")
    case .processor(let depth):
      let depth = depth ?? processor.layerCount
      guard depth <= processor.layerCount else {
        throw EditorTrainingError.option(
          name: "backbone", found: "processor:\(depth)",
          needed: "at most the processor's \(processor.layerCount) blocks")
      }
      return .processor(
        depth: depth, width: processor.hiddenSize,
        adapters: editor.loraRank == 0 ? nil : try processorAdapters(depth: depth))
    }
  }

  private func crossAttention(
    _ backbone: BackboneConfiguration, _ processor: ProcessorConfiguration
  ) throws(EditorTrainingError) -> CrossAttentionConfiguration? {
    guard editor.interface == .p4 else { return nil }
    let blocks = Set(editor.crossBlocks ?? [max(1, backbone.blockCount / 2)]).sorted()
    guard blocks.allSatisfy((1...backbone.blockCount).contains) else {
      throw .option(
        name: "cross_blocks", found: blocks.map(String.init).joined(separator: ","),
        needed: "blocks of the backbone, 1 to \(backbone.blockCount)")
    }
    let heads =
      switch backbone {
      case .gpt2(let gpt2, _): gpt2.headCount
      case .processor: processor.headCount
      }
    return CrossAttentionConfiguration(blocks: blocks, headCount: heads)
  }
}
