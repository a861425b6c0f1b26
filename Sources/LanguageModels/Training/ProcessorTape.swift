import KernelInterface
import TensorKernels

/// In which numbers the backward pass multiplies; sums are in f32 in either case.
public enum BackwardPrecision: String, Sendable, Codable, CaseIterable {
  /// Weights exactly dequantized, gradients in f32.
  case f32
  /// Both rounded to bf16, where the CPU has instructions for it.
  case bf16
  /// Both rounded to eight bits, the gradients at random (`ByteGradientKernels`), of weights in blocks; of others, and
  /// of adapters, as in bf16 where the CPU has instructions for it, and in f32 elsewhere.
  case int8
}

/// Forward and backward passes of a frozen processor over batches of sequences, for what is trained
/// through it: latents that an edit adds between blocks, adapters, or an editor that reads its states.
///
///     let tape = try ProcessorTape(processor, rowCapacity: 512, sequenceCapacity: 4)
///     try tape.forward(batch, edit: latents)
///     let losses = tape.backward(objective)     // hands `latents` its gradients on the way
///
/// The forward pass is inference's with a cache of f32, to the bit. It keeps block inputs as
/// `GradientCheckpoints` says; the backward pass runs each block again, with the same result whatever
/// was kept, ends at the lowest point that is edited or block that has adapters, and never allocates a
/// gradient of a frozen weight. Used by one thread at a time.
package final class ProcessorTape {
  /// How it computes, and what it keeps.
  package struct Options: Sendable, Hashable {
    /// Which block inputs are kept.
    package var checkpoints = GradientCheckpoints.every(1)
    /// How the forward pass takes activations; nil for the processor's own way.
    package var activations: ActivationPrecision?
    /// In which numbers the backward pass multiplies.
    package var backward = BackwardPrecision.f32
    /// Blocks that are run; nil for all.
    package var depth: Int?
    /// Whether losses of predictions are wanted, and whether a teacher is followed.
    package var hasLogits = true
    package var distills = false

    package init() {}
  }

  /// The frozen model.
  package let processor: Processor
  /// Tokens of a batch, and sequences, at most.
  package let rowCapacity: Int
  package let sequenceCapacity: Int
  package let options: Options
  /// Low-rank changes to the processor, trained or not.
  package let adapters: LowRankAdapters?
  /// Bytes in memory, without the weights.
  package let byteCount: Int
  /// What was read last.
  package private(set) var batch: TokenBatch?
  /// Who hears when adapters are read, and when their gradients are final; nil where nobody does.
  package var stages: (any ParameterStages)?
  /// What the next backward pass rounds with, where it runs in eight bits.
  package var roundingSeed = RoundingSeed()

  private let memory: TapeMemory
  private let cache: KeyValueCache
  private let layout: BatchLayout
  private let layers: ProcessorLayers
  private let blockAdapters: [BlockAdapters]
  private let brain: BrainKernelTable?
  private var edit: (any DifferentiableStreamEdit)?
  /// It, where it edits values; nil elsewhere.
  private var valueEdit: (any DifferentiableStreamEdit)?
  /// The block whose values are in a memory that all blocks share.
  private var present: Int?

  /// Memory for batches of that size. Throws `memory`, `depthOutOfRange`, or `kernels` where the
  /// backward pass is to be in bf16 and this CPU has no such instruction.
  package init(
    _ processor: Processor, rowCapacity: Int, sequenceCapacity: Int, options: Options = Options(),
    adapters: LowRankAdapters? = nil
  ) throws(LanguageModelError) {
    precondition(rowCapacity >= 1 && sequenceCapacity >= 1)
    let c = processor.configuration
    guard (1...c.layerCount).contains(options.depth ?? c.layerCount) else {
      throw .depthOutOfRange(requested: options.depth ?? 0, most: c.layerCount)
    }
    do {
      switch options.backward {
      case .f32: brain = nil
      case .bf16: brain = try processor.instructionSet.brainKernels()
      case .int8: brain = processor.kernels.brain
      }
    } catch { throw .kernels(error) }
    self.processor = processor
    self.rowCapacity = rowCapacity
    self.sequenceCapacity = min(sequenceCapacity, rowCapacity)
    self.options = options
    self.adapters = adapters
    byteCount = ProcessorTape.byteCount(
      processor, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity, options: options,
      adapters: adapters?.configuration)
    let shape = ProcessorTape.shape(
      processor, rowCapacity, self.sequenceCapacity, options, adapters?.configuration)
    do {
      memory = try TapeMemory(shape)
      cache = try KeyValueCache(
        type: .f32, layers: 1, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: BatchLayout.cacheCapacity(rows: rowCapacity, sequences: self.sequenceCapacity))
      layout = try BatchLayout(
        rows: rowCapacity, sequences: self.sequenceCapacity,
        queriesPerTile: CacheLayout.mostQueries)
    } catch { throw .memory(error) }
    layers = ProcessorLayers(
      processor, activations: options.activations ?? processor.activations, norms: memory.norms)
    blockAdapters = (0..<shape.depth).map { adapters?.block($0, c) ?? BlockAdapters() }
  }

  /// Bytes that such a tape takes, before it is made.
  package static func byteCount(
    _ processor: Processor, rowCapacity: Int, sequenceCapacity: Int, options: Options,
    adapters: AdapterConfiguration? = nil
  ) -> Int {
    let c = processor.configuration
    let sequences = min(sequenceCapacity, rowCapacity)
    return TapeMemory.byteCount(shape(processor, rowCapacity, sequences, options, adapters))
      + KeyValueCache.byteCount(
        type: .f32, layers: 1, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: BatchLayout.cacheCapacity(rows: rowCapacity, sequences: sequences))!
      + BatchLayout.byteCount(
        rows: rowCapacity, sequences: sequences, queriesPerTile: CacheLayout.mostQueries)
  }

  private static func shape(
    _ processor: Processor, _ rows: Int, _ sequences: Int, _ options: Options,
    _ adapters: AdapterConfiguration?
  ) -> TapeMemory.Shape {
    TapeMemory.Shape(
      configuration: processor.configuration,
      depth: options.depth ?? processor.configuration.layerCount, rows: rows, sequences: sequences,
      threads: processor.pool.threadCount, checkpoints: options.checkpoints,
      exact: processor.needsExactActivations(options.activations ?? processor.activations),
      hasLogits: options.hasLogits, distills: options.distills,
      adapterRank: adapters?.rank ?? 0, adapterWidth: adapters?.width ?? 0)
  }

  private var depth: Int { memory.shape.depth }
  private var hidden: Int { processor.configuration.hiddenSize }

  // MARK: Forward

  /// Reads a batch, each sequence from position 0 on, with `edit` between the blocks; the tape's adapters
  /// act on the first `prefixes` tokens of the sequences, on all tokens where that is nil, and on those `behind` them where
  /// that is asked for. With `rows` given, only their
  /// losses and final states may be asked for, which saves most of the last block. Throws `noTokens`, `sequenceTooLong`, `tokenOutOfRange`, `batchTooLarge`, or `notFinite` for a damaged
  /// embedding.
  package func forward(
    _ batch: TokenBatch, edit: (any DifferentiableStreamEdit)? = nil,
    adapting prefixes: [Int]? = nil, behind: Bool = false, scoring rows: [Int]? = nil
  ) throws(LanguageModelError) {
    let c = processor.configuration
    try batch.check(contextLength: c.contextLength, vocabularySize: c.vocabularySize)
    guard batch.positionCount <= rowCapacity, batch.sequenceCount <= sequenceCapacity else {
      throw .batchTooLarge(
        rows: batch.positionCount, sequences: batch.sequenceCount, mostRows: rowCapacity,
        mostSequences: sequenceCapacity)
    }
    try processor.checkEmbeddings(Set(batch.tokens))
    let isWhole = depth == c.layerCount && edit?.edits(point: depth) != true
    layout.set(
      batch, adapting: adapters == nil ? batch.boundaries.dropLast().map { _ in 0 } : prefixes,
      behind: behind && adapters != nil, scoring: isWhole ? rows : nil)
    for sequence in 0..<batch.sequenceCount {
      let rows = batch.rows(of: sequence)
      let first = rows.lowerBound * c.rotatedSize / 2
      let ahead = sequence == 0 ? 0 : batch.sharedCount
      processor.rotary.fill(
        positions: ahead..<ahead + rows.count, cosines: memory.cosines + first,
        sines: memory.sines + first)
    }
    for i in 0..<batch.rowCount * c.rotatedSize / 2 { memory.negatedSines[i] = -memory.sines[i] }
    self.batch = batch
    self.edit = edit
    let editsValues = (0..<depth).contains { edit?.editsValues(block: $0) == true }
    precondition(!editsValues || batch.sharedCount == 0, "edited tokens are each sequence's own")
    valueEdit = editsValues ? edit : nil
    let pass = pass
    // Asked once, here: every thread must take the same way through the barriers.
    let edited = (0...depth).map { edit?.edits(point: $0) == true }
    let adapts = adapters != nil && (behind || prefixes?.allSatisfy { $0 == 0 } != true)
    let stages = adapts ? stages : nil
    processor.pool.run { worker in
      let panel = memory.thread(worker.index).panel
      for row in worker.each(batch.rowCount) {
        processor.embed(
          batch.tokens[row], panel: panel, into: memory.stream(0) + row * hidden)
      }
      worker.barrier()
      if worker.index == 0 { processor.releaseEmbeddings() }
      if edited[0] { apply(edit, point: 0, worker) }
      for index in 0..<depth {
        if memory.isRounded(index) {
          memory.round(index, rows: batch.rowCount, processor.kernels, worker)
        }
        if let stages {
          worker.onCaller { stages.willRead(stage: index + 1) }
          worker.barrier()
        }
        pass.run(
          layers.blocks[index], blockAdapters[index], index: index, to: memory.stream(index + 1),
          worker)
        if edited[index + 1] { apply(edit, point: index + 1, worker) }
      }
    }
    present = depth - 1
  }

  /// The residual stream after the last block at some rows, without the final norm: what
  /// `TeacherStates` holds. A batch must have been read.
  package func finalStates(_ rows: [Int]) -> TeacherStates {
    let stream = memory.stream(depth)
    let view = layout.view
    return TeacherStates(
      values: rows.flatMap { row in
        UnsafeBufferPointer(start: stream + view.place(of: row) * hidden, count: hidden)
      })
  }

  /// The pass over the batch that was laid out last.
  private var pass: TapePass {
    TapePass(
      configuration: processor.configuration, kernels: processor.kernels, memory: memory,
      cache: cache, batch: layout.view, valueEdit: valueEdit)
  }

  private func apply(
    _ edit: (any DifferentiableStreamEdit)?, point: Int, _ worker: Worker
  ) {
    worker.onCaller {
      edit?.apply(
        point: point,
        rows: UnsafeMutableBufferPointer(
          start: memory.stream(point), count: batch!.rowCount * hidden))
    }
    worker.barrier()
  }

  // MARK: Losses and backward

  /// The losses of the batch that was read last, without any gradient.
  package func losses(_ objective: TokenObjective, teacher: TeacherStates? = nil) -> TokenLosses {
    score(objective, teacher, gradient: false, adapterGradients: nil)
  }

  /// The losses of the batch that was read last. The gradient of the objective goes backward through
  /// the blocks: the edit is handed that of the stream at each of its points, from the last to the
  /// first, and those of the adapters are added to `adapterGradients`, of their parameters' layout.
  package func backward(
    _ objective: TokenObjective, teacher: TeacherStates? = nil,
    adapterGradients: ParameterStore? = nil
  ) -> TokenLosses {
    let losses = score(objective, teacher, gradient: true, adapterGradients: adapterGradients)
    runBackward(adapterGradients)
    return losses
  }

  /// The backward pass of what the edit itself makes of the states: the gradient begins as zeros, to
  /// which the edit adds at its points.
  package func backwardFromEdit(adapterGradients: ParameterStore? = nil) {
    guard let batch else { preconditionFailure("no batch was read") }
    memory.gradient.update(repeating: 0, count: batch.rowCount * hidden)
    runBackward(adapterGradients)
  }

  private func backwardPass(_ adapterGradients: ParameterStore?) -> TapeBackwardPass {
    if let adapterGradients {
      precondition(
        adapterGradients.layout == adapters?.parameters.layout,
        "the gradients are of other adapters")
    }
    return TapeBackwardPass(
      forward: pass, brain: brain, rounding: options.backward == .int8 ? roundingSeed : nil,
      adapterGradients: adapterGradients?.floats.baseAddress)
  }

  private func score(
    _ objective: TokenObjective, _ teacher: TeacherStates?, gradient: Bool,
    adapterGradients: ParameterStore?
  ) -> TokenLosses {
    guard let batch else { preconditionFailure("no batch was read") }
    precondition(options.hasLogits && depth == processor.configuration.layerCount)
    precondition(objective.distillation == 0 || teacher != nil, "there is no teacher")
    precondition(teacher == nil || options.distills, "there is no memory for a teacher")
    let count = objective.rows.count
    precondition(teacher == nil || teacher!.values.count == count * hidden)
    precondition(objective.rows.allSatisfy((0..<batch.rowCount).contains))
    precondition(
      objective.targets.allSatisfy((0..<processor.configuration.vocabularySize).contains))
    var losses = TokenLosses(
      crossEntropy: [Float](repeating: 0, count: count),
      divergence: [Float](repeating: 0, count: teacher == nil ? 0 : count))
    let backward = backwardPass(adapterGradients)
    objective.rows.withUnsafeBufferPointer { rows in
      objective.targets.withUnsafeBufferPointer { targets in
        objective.weights.withUnsafeBufferPointer { weights in
          losses.crossEntropy.withUnsafeMutableBufferPointer { entropies in
            losses.divergence.withUnsafeMutableBufferPointer { divergences in
              withTeacher(teacher) { teacher in
                guard count > 0 else {
                  memory.gradient.update(repeating: 0, count: batch.rowCount * hidden)
                  return
                }
                let output = TapeOutput(
                  backward: backward, outputNorm: layers.outputNorm, output: layers.output,
                  scored: rows, targets: targets.baseAddress!, weights: weights.baseAddress!,
                  crossEntropy: objective.crossEntropy, distillation: objective.distillation,
                  teacher: teacher, crossEntropies: entropies.baseAddress!,
                  divergences: divergences.baseAddress ?? entropies.baseAddress!)
                processor.pool.run { worker in output.run(gradient: gradient, worker) }
              }
            }
          }
        }
      }
    }
    return losses
  }

  private func withTeacher(
    _ teacher: TeacherStates?, _ body: (UnsafePointer<Float>?) -> Void
  ) {
    guard let teacher else { return body(nil) }
    teacher.values.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  /// From the gradient of the last block's output, in `memory.gradient`, to the lowest point.
  private func runBackward(_ adapterGradients: ParameterStore?) {
    precondition(batch != nil, "no batch was read")
    let edited = (0...depth).map { edit?.edits(point: $0) == true }
    // Without trained adapters the pass ends at the edit's lowest point.
    let end = adapterGradients != nil ? 0 : edit?.lowestPoint ?? depth
    guard end <= depth else { return }
    let backward = backwardPass(adapterGradients)
    let interval = options.checkpoints.interval
    let keepsBlocks = options.checkpoints == .off
    let present = present
    let forward = backward.forward
    let stages = adapterGradients == nil ? nil : stages
    processor.pool.run { worker in
      if edited[depth] { differentiate(point: depth, worker) }
      for index in (end..<depth).reversed() {
        let first = index / interval * interval
        let entersSegment = index == min(first + interval, depth) - 1
        if entersSegment, memory.isRounded(first), present != index || interval > 1 {
          memory.restore(first, rows: forward.rows, processor.kernels, worker)
          worker.barrier()
        }
        if index != first, entersSegment {
          // The inputs between the last checkpoint and here are made again, with their edits.
          for earlier in first..<index {
            forward.run(
              layers.blocks[earlier], blockAdapters[earlier], index: earlier,
              to: memory.stream(earlier + 1), worker)
            if edited[earlier + 1] { apply(edit, point: earlier + 1, worker) }
          }
        }
        if !keepsBlocks, present != index || interval > 1 {
          forward.run(layers.blocks[index], blockAdapters[index], index: index, to: nil, worker)
        }
        backward.run(
          layers.blocks[index], blockAdapters[index], index: index,
          wantsInput: index > end || edited[index], worker)
        if let stages {
          worker.onCaller { stages.areFinal(from: index + 1) }
          worker.barrier()
        }
        if edited[index] { differentiate(point: index, worker) }
      }
    }
    self.present = nil
  }

  private func differentiate(point: Int, _ worker: Worker) {
    worker.onCaller {
      let count = batch!.rowCount * hidden
      edit?.backward(
        point: point, rows: UnsafeBufferPointer(start: memory.stream(point), count: count),
        gradient: UnsafeMutableBufferPointer(start: memory.gradient, count: count))
    }
    worker.barrier()
  }
}
