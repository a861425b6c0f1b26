import LanguageModels
import LatentEditing
import TensorKernels

/// Forward and backward passes of an editor over batches of instructions, for training: all parameters
/// of the heads, and those of the backbone.
///
///     let latents = try tape.forward(instructions)              // [S][B][P d]
///     ...                                                       // through the processor and back
///     tape.backward(latentGradients, gateGradients)
///
/// Used by one thread at a time.
package final class EditorTape {
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

  /// Who hears when gradients are final; those of the heads are those of the last stage.
  package var stages: (any ParameterStages)? {
    didSet { backbone.stages = stages }
  }

  private let pool: ThreadPool
  private let linear: HeadLinear
  private var memory: EditorHeadsState?
  private var addition: CrossAttention?
  private var states: HiddenStates?

  /// Memory for batches of at most `sequenceCapacity` instructions of `rowCapacity` tokens together; of a
  /// backbone that is frozen no gradients, where it is a GPT-2 without adapters.
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
    } catch { throw .model(error) }
  }

  /// The latents that `instructions` mean, `[S][B][P d]`. An editor that reads the input first sees
  /// `prompts` on `tape`, unedited. Throws `model`.
  package func forward(
    _ instructions: [[Int]], prompts: [[Int]] = [], on tape: ProcessorTape? = nil
  ) throws(LatentEditingError) -> [Float] {
    let configuration = editor.configuration
    let batch = TokenBatch(instructions)
    addition = nil
    // A processor's blocks wait for their own adapters, while what is behind them is still on its way.
    let waitsByBlock = backbone is ProcessorBackboneTape && configuration.crossAttention == nil
    if !waitsByBlock { stages?.willRead(stage: .max) }
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
    let states: HiddenStates
    do throws(LanguageModelError) {
      states = try backbone.forward(
        batch, after: configuration.readBlocks, at: batch.lastRows, adding: addition)
      stages?.willRead(stage: .max)
      if memory?.batch != instructions.count {
        do {
          memory = try EditorHeadsState(
            editor.heads, batch: instructions.count, threads: pool.threadCount)
        } catch { throw .memory(error) }
      }
    } catch { throw .model(error) }
    self.states = states
    let memory = memory!
    memory.read(states)
    pool.run { memory.forward(count: instructions.count, $0) }
    return Array(
      UnsafeBufferPointer(
        start: memory.latents,
        count: editor.heads.siteCount * instructions.count * editor.heads.latentCount))
  }

  /// Adds the gradients of all parameters, given those of the latents, `[S][B][P d]`, and of the gates,
  /// `[S][P]`; after `forward`.
  package func backward(_ latentGradients: [Float], gates gateGradients: [Float]) {
    guard let memory, var gradients = states else {
      preconditionFailure("no instruction was read")
    }
    let gates = headGradients.floats(of: "gates")
    for (i, gradient) in gateGradients.enumerated() { gates[i] += gradient }
    let width = editor.heads.width
    let dStates = memory.backward(
      latentGradients, count: memory.batch, to: headGradients, linear)
    // Several layers may read one block.
    for i in gradients.values.indices { gradients.values[i] = 0 }
    for (site, layer) in editor.configuration.layers.enumerated() {
      let block = gradients.blocks.firstIndex(
        of: editor.configuration.readBlock(ofLayer: layer))!
      for row in 0..<memory.batch {
        let source = (site * memory.batch + row) * width
        for (i, target) in gradients.range(block, row).enumerated() {
          gradients.values[target] += dStates[source + i]
        }
      }
    }
    // What looks at the input goes on with its gradients between the backbone's blocks.
    if addition == nil { stages?.areFinal(from: ParameterStage.heads) }
    backbone.backward(gradients, adding: addition)
  }
}
