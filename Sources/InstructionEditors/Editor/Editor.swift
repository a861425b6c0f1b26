import LanguageModels
import LatentEditing
import TensorKernels

/// A network that reads an instruction and answers with an edit: the backbone reads, the heads write.
public final class Editor {
  /// The blueprint.
  public let configuration: EditorConfiguration
  /// What reads the instruction.
  public let backbone: any EditorBackbone
  /// What turns its states into latents.
  public let heads: EditorHeads
  /// What its instructions are tokenized with where that is not the processor's tokenizer; use
  /// `instructionTokenizer(processor:)`.
  package let ownTokenizer: InstructionTokenizer?
  /// The adapters of the editor that this one was shortened from, as they were then: what its training follows. Nil
  /// for all others.
  package private(set) var wholePrefix: LowRankAdapters?

  let pool: ThreadPool

  /// An editor of parts that fit together, with a tokenizer where the blueprint's is `own`. Throws
  /// `backboneMismatch` where they do not.
  public init(
    _ configuration: EditorConfiguration, backbone: any EditorBackbone, heads: EditorHeads,
    tokenizer: InstructionTokenizer? = nil, pool: ThreadPool
  ) throws(LatentEditingError) {
    guard backbone.width == configuration.backbone.width,
      backbone.blockCount == configuration.backbone.blockCount
    else {
      throw .backboneMismatch(
        found: "\(backbone.blockCount) blocks of width \(backbone.width)",
        needed: "\(configuration.backbone.blockCount) of \(configuration.backbone.width)")
    }
    precondition(heads.configuration == configuration, "the heads are of another editor")
    precondition(
      (tokenizer?.isOwn ?? false) == (configuration.backbone.tokenizer == .own),
      "the blueprint says whose tokenizer it is")
    ownTokenizer = tokenizer
    self.configuration = configuration
    self.backbone = backbone
    self.heads = heads
    self.pool = pool
  }

  /// A new editor, which does nothing yet: a GPT-2 drawn from `seed`, or the processor's own blocks,
  /// and heads at their start.
  ///
  /// - Parameters:
  ///   - configuration: the blueprint.
  ///   - seed: where random numbers come from.
  ///   - processor: the processor, needed where the backbone is taken from it.
  ///   - tokenizer: of the editor's own, needed where the blueprint says so.
  ///   - pool: the threads to run on.
  public convenience init(
    _ configuration: EditorConfiguration, seed: UInt64, processor: Processor? = nil,
    tokenizer: InstructionTokenizer? = nil, pool: ThreadPool
  ) throws(LatentEditingError) {
    let backbone: any EditorBackbone
    do throws(LanguageModelError) {
      switch configuration.backbone {
      case .gpt2(let gpt2, _):
        backbone = try GPT2(gpt2, seed: seed, pool: pool)
      case .processor(let depth, _, let adapters):
        guard let processor else { preconditionFailure("the backbone needs its processor") }
        backbone = try ProcessorBackbone(
          processor, depth: depth, newAdapters: adapters, seed: seed, pool: pool)
      }
    } catch {
      throw .model(error)
    }
    try self.init(
      configuration, backbone: backbone,
      heads: EditorHeads(configuration, seed: seed &+ 1, pool: pool), tokenizer: tokenizer,
      pool: pool)
  }

  /// This editor, to be trained by new adapters on its GPT-2, which stays frozen; their A come from
  /// `seed`. Both have the same weights and heads. Throws `backboneMismatch` where the backbone is no
  /// GPT-2, and `model`.
  public func withAdapters(
    _ shape: GPT2AdapterConfiguration, seed: UInt64
  ) throws(LatentEditingError) -> Editor {
    guard let model = backbone as? GPT2 else {
      throw .backboneMismatch(found: "another backbone or adapters", needed: "a GPT-2")
    }
    let adapted: AdaptedGPT2
    do { adapted = try AdaptedGPT2(model, newAdapters: shape, seed: seed) } catch {
      throw .model(error)
    }
    return try Editor(
      configuration, backbone: adapted, heads: heads, tokenizer: ownTokenizer, pool: pool)
  }

  /// This prefix editor, to write no more than the last `tokens` of those that it reads, beside the first. It has the
  /// same adapters, and `wholePrefix` is a copy of them; where heads write, the same network and heads. Throws `model`.
  package func shortened(
    to tokens: Int, on processor: Processor
  ) throws(LatentEditingError) -> Editor {
    precondition(configuration.interface.isPrefix, "it makes no prefix")
    var configuration = configuration
    configuration.prefixTokens = tokens
    let heads = try EditorHeads(configuration, seed: 0, pool: pool)
    let short = try Editor(
      configuration, backbone: backbone, heads: heads, tokenizer: ownTokenizer, pool: pool)
    heads.parameters.floats.baseAddress!.update(
      from: self.heads.parameters.floats.baseAddress!, count: self.heads.parameters.floats.count)
    guard let adapters = readingAdapters else { return short }
    do throws(LanguageModelError) {
      let whole = try LowRankAdapters(
        adapters.configuration, of: processor.configuration, seed: nil, pool: pool)
      whole.parameters.floats.baseAddress!.update(
        from: adapters.parameters.floats.baseAddress!, count: adapters.parameters.floats.count)
      short.wholePrefix = whole
    } catch { throw .model(error) }
    return short
  }

  /// The edit that `instruction` (tokens, nothing appended) means, `strength` times as strong.
  ///
  /// Throws `notFinite` where a latent is no number, and `model` where the backbone cannot read it.
  public func edit(
    _ instruction: [Int], strength: Float = 1
  ) throws(LatentEditingError) -> LatentEdit {
    precondition(!readsInput, "the editor needs to see the input")
    precondition(!configuration.interface.isPrefix, "the editor makes a prefix, and no latents")
    return try edits([instruction], adding: nil)[0].scaled(by: strength)
  }

  /// The adapters through which a prefix editor reads; nil for the others.
  package var readingAdapters: LowRankAdapters? {
    guard configuration.interface.isPrefix else { return nil }
    return (backbone as? ProcessorBackbone)?.adapters
  }

  /// Whether an edit depends on the input too, as those of P4 do.
  public var readsInput: Bool { configuration.crossAttention != nil }

  /// As above for an editor that reads the input: `prompt` goes through the processor unedited first,
  /// on `state`, whose cache is empty afterwards.
  public func edit(
    _ instruction: [Int], strength: Float = 1, prompt: [Int], on state: ProcessorState
  ) throws(LatentEditingError) -> LatentEdit {
    guard let cross = configuration.crossAttention else {
      return try edit(instruction, strength: strength)
    }
    let addition = CrossAttention(
      heads, cross, linear: HeadLinear(heads.parameters, heads.kernels, pool),
      input: .init(
        states: try InputStates.read(
          prompt, points: CrossAttention.points(configuration), on: state),
        boundaries: [0, prompt.count]))
    return try edits([instruction], adding: addition)[0].scaled(by: strength)
  }

  /// The edits that some instructions mean, read together; each is what it is alone.
  private func edits(
    _ instructions: [[Int]], adding addition: CrossAttention?
  ) throws(LatentEditingError) -> [LatentEdit] {
    let memory = try readHeads(instructions, adding: addition)
    return try instructions.indices.map { row throws(LatentEditingError) in
      try edit(of: row, in: memory)
    }
  }

  /// This editor with other heads of the same blueprint.
  func replacingHeads(_ heads: EditorHeads) throws(LatentEditingError) -> Editor {
    try Editor(
      configuration, backbone: backbone, heads: heads, tokenizer: ownTokenizer, pool: pool)
  }

  /// The heads' memory after some instructions were read together, each as it is alone.
  func readHeads(
    _ instructions: [[Int]], adding addition: CrossAttention?
  ) throws(LatentEditingError) -> EditorHeadsState {
    let memory: EditorHeadsState
    let batch = TokenBatch(instructions)
    let blocks = configuration.readBlocks
    do throws(LanguageModelError) {
      let states = try backbone.hiddenStates(
        batch, after: blocks, at: batch.lastRows, adding: addition)
      do {
        memory = try EditorHeadsState(heads, batch: instructions.count, threads: pool.threadCount)
      } catch { throw .memory(error) }
      memory.read(states)
    } catch {
      throw .model(error)
    }
    pool.run { memory.forward(count: instructions.count, $0) }
    return memory
  }

  private func edit(
    of row: Int, in memory: EditorHeadsState
  ) throws(LatentEditingError) -> LatentEdit {
    let width = configuration.latentWidth
    var sites: [LatentSite] = []
    for (site, layer) in configuration.layers.enumerated() {
      for (slot, position) in configuration.positions.slots.enumerated() {
        let start =
          memory.latents + (site * memory.batch + row) * heads.latentCount + slot * width
        sites.append(
          LatentSite(
            point: configuration.placement.point(ofLayer: layer), position: position,
            scale: configuration.scale, gate: heads.gate(site: site, slot: slot),
            latent: Array(UnsafeBufferPointer(start: start, count: width)),
            part: configuration.interface.part))
      }
    }
    return try LatentEdit(
      width: configuration.processor.width, layerCount: configuration.processor.layerCount,
      sites: sites,
      needsGhost: configuration.positions == .ghost)
  }
}
