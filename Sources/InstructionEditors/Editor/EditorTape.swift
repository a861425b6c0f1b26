import LanguageModels
import LatentEditing
import TensorKernels

/// Forward and backward passes of an editor over batches of instructions, for training: all parameters
/// of the heads, and those of the backbone.
///
///     try tape.read(instructions)
///     ...                       // through the processor, with `latents(site:)`, and back, with `differentiate`
///     tape.backward(gates: gateGradients)
///
/// or with the latents of all sites at once, to the same bits:
///
///     let latents = try tape.forward(instructions)              // [S][B][P d]
///     ...                                                       // through the processor and back
///     tape.backward(latentGradients, gates: gateGradients)
///
/// A site's head is read when its latents are asked for, and has its gradients once it was given those of its latents: of
/// ranks that exchange them, what is for later blocks is under way while earlier ones compute (`ParameterStages`).
///
/// Used by one thread at a time.
package final class EditorTape: LatentSource {
  /// What is trained.
  package let editor: Editor
  /// The backbone's passes, parameters and gradients.
  package let backbone: any BackboneTape
  /// Gradients of the heads, to which each backward pass adds.
  package let headGradients: ParameterStore
  /// Bytes in memory beside the weights.
  package var byteCount: Int {
    backbone.byteCount + headGradients.byteCount + (memory?.byteCount ?? 0)
  }

  /// Who hears when parameters are read, and when their gradients are final; `EditorConfiguration.headStage` has those of
  /// the heads.
  package var stages: (any ParameterStages)? {
    didSet { backbone.stages = stages }
  }

  /// Of centred heads: u of the gates of what is read next, `[S][B]`, nil where none are drawn; and what a gate that is open
  /// costs, for each instruction.
  package var draws: [Float]?
  package var gatePenalty: Float = 0

  private let pool: ThreadPool
  private let linear: HeadLinear
  private var memory: EditorHeadsState?
  /// States of the batch that was read last, B.
  private var rowCount = 0
  private var addition: CrossAttention?
  private var states: HiddenStates?
  private var pass: EditorHeadsBackward?

  /// Memory for batches of at most `sequenceCapacity` instructions of `rowCapacity` tokens together, whose heads read a
  /// state each, or where they make a prefix of each token; of a backbone that is frozen no gradients, where it is a
  /// GPT-2 without adapters.
  package init(
    _ editor: Editor, rowCapacity: Int, sequenceCapacity: Int, pool: ThreadPool,
    backward: BackwardPrecision = .f32, freezesBackbone: Bool = false
  ) throws(LatentEditingError) {
    self.editor = editor
    self.pool = pool
    linear = HeadLinear(editor.heads.parameters, editor.heads.kernels, pool)
    do throws(LanguageModelError) {
      do { headGradients = try ParameterStore(editor.heads.parameters.layout) } catch {
        throw .memory(error)
      }
      switch editor.backbone {
      case let gpt2 as GPT2:
        backbone = try GPT2BackboneTape(
          gpt2, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
          isFrozen: freezesBackbone, hasAddition: editor.configuration.crossAttention != nil)
      case let adapted as AdaptedGPT2:
        backbone = try GPT2BackboneTape(
          adapted.model, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
          adapters: adapted.adapters)
      case let processor as ProcessorBackbone:
        backbone = try ProcessorBackboneTape(
          processor, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
          backward: backward)
      default: preconditionFailure("this backbone cannot be trained")
      }
      if editor.configuration.hasPrefixHeads {
        do {
          memory = try EditorHeadsState(
            editor.heads, batch: rowCapacity, threads: pool.threadCount)
        } catch { throw .memory(error) }
      }
    } catch { throw .model(error) }
  }

  /// The latents that `instructions` mean, `[S][B][P d]`. An editor that reads the input first sees
  /// `prompts` on `tape`, unedited. Throws `model`.
  package func forward(
    _ instructions: [[Int]], prompts: [[Int]] = [], on tape: ProcessorTape? = nil
  ) throws(LatentEditingError) -> [Float] {
    try read(instructions, prompts: prompts, on: tape)
    return (0..<editor.heads.siteCount).flatMap { latents(site: $0) }
  }

  /// Reads `instructions`, as above; the latents may be asked for then, of the last token of each, or of the tokens with
  /// the numbers `rows` among all.
  package func read(
    _ instructions: [[Int]], at rows: [Int]? = nil, prompts: [[Int]] = [],
    on tape: ProcessorTape? = nil
  ) throws(LatentEditingError) {
    let configuration = editor.configuration
    let batch = TokenBatch(instructions)
    addition = nil
    pass = nil
    if let cross = configuration.crossAttention {
      guard let tape, prompts.count == instructions.count else {
        preconditionFailure("the editor needs to see the input")
      }
      let read = TokenBatch(prompts)
      addition = CrossAttention(
        editor.heads, cross, linear: linear,
        input: .init(
          states: try InputStates.read(
            read, points: CrossAttention.points(configuration), on: tape),
          boundaries: read.boundaries), gradients: headGradients)
    }
    // A processor's blocks wait for their own adapters, while what is behind them is still on its way.
    stages?.willRead(
      stage: backbone is ProcessorBackboneTape ? ParameterStage.last : ParameterStage.heads - 1)
    let states: HiddenStates
    do throws(LanguageModelError) {
      states = try backbone.forward(
        batch, after: configuration.readBlocks, at: rows ?? batch.lastRows, adding: addition)
      rowCount = states.rows.count
      if memory == nil || memory!.batch < rowCount
        || (rows == nil && memory!.batch != rowCount)
      {
        do {
          memory = try EditorHeadsState(
            editor.heads, batch: rowCount, threads: pool.threadCount)
        } catch { throw .memory(error) }
      }
    } catch { throw .model(error) }
    stages?.willRead(stage: ParameterStage.heads)
    self.states = states
    let memory = memory!
    memory.draws = draws
    memory.read(states)
    pass = EditorHeadsBackward(memory, count: rowCount)
  }

  /// The latents of one site, `[B][P d]`; after `read`.
  package func latents(site: Int) -> [Float] {
    guard let memory, pass != nil else { preconditionFailure("no instruction was read") }
    stages?.willRead(stage: editor.configuration.headStage(site: site))
    let rows = rowCount
    pool.run { memory.forward(sites: site..<site + 1, count: rows, $0) }
    let size = editor.heads.latentCount
    return Array(
      UnsafeBufferPointer(
        start: memory.latents + site * memory.batch * size, count: rows * size))
  }

  /// Adds the gradients of what one site has for itself, given those of its latents, `[B][P d]`; each site once, from the
  /// last to the first.
  package func differentiate(site: Int, _ latentGradients: [Float]) {
    guard pass != nil else { preconditionFailure("no instruction was read") }
    pass!.run(
      site: site, latentGradients, to: headGradients, linear, penalty: gatePenalty)
    stages?.areFinal(from: editor.configuration.headStage(site: site))
  }

  /// Adds the gradients of all parameters, given those of the latents, `[S][B][P d]`, and of the gates,
  /// `[S][P]`; after `forward`.
  package func backward(_ latentGradients: [Float], gates gateGradients: [Float]) {
    let count = latentGradients.count / editor.heads.siteCount
    for site in (0..<editor.heads.siteCount).reversed() {
      differentiate(site: site, Array(latentGradients[site * count..<(site + 1) * count]))
    }
    backward(gates: gateGradients)
  }

  /// Adds the gradients of all other parameters, given those of the gates, `[S][P]`, or none where there are none, after
  /// `differentiate` of all sites.
  package func backward(gates gateGradients: [Float]) {
    guard let pass, var gradients = states else {
      preconditionFailure("no instruction was read")
    }
    self.pass = nil
    if !gateGradients.isEmpty {
      let gates = headGradients.floats(of: "gates")
      for (i, gradient) in gateGradients.enumerated() { gates[i] += gradient }
    }
    // Several layers may read one block.
    for i in gradients.values.indices { gradients.values[i] = 0 }
    let width = editor.heads.width
    let blocks = editor.configuration.layers.map { layer in
      gradients.blocks.firstIndex(of: editor.configuration.readBlock(ofLayer: layer))!
    }
    pass.finish(to: headGradients, linear) { site, dStates in
      for row in gradients.rows.indices {
        for (i, target) in gradients.range(blocks[site], row).enumerated() {
          gradients.values[target] += dStates[row * width + i]
        }
      }
    }
    stages?.areFinal(from: ParameterStage.heads)
    backbone.backward(gradients, adding: addition)
  }
}

extension EditorConfiguration {
  /// When a parameter of the heads is read and its gradient is final: the head of a site with the processor's block there,
  /// behind the reading and what all sites share; what attends to the input gets gradients between the backbone's blocks,
  /// until the end.
  package func headStage(of name: String) -> Int {
    let parts = name.split(separator: ".", maxSplits: 2)
    if parts[0] == "cross" { return ParameterStage.last }
    guard parts[0] == "heads", parts.count == 3, let layer = Int(parts[1]) else {
      return ParameterStage.heads
    }
    return headStage(layer: layer)
  }

  /// That of a site's own parameters.
  fileprivate func headStage(site: Int) -> Int { headStage(layer: layers[site]) }

  private func headStage(layer: Int) -> Int {
    ParameterStage.heads + 1 + placement.point(ofLayer: layer)
  }
}
