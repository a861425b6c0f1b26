import KernelInterface
import TensorKernels

/// One block of a processor, run step by step over whole sequences, so that the weights of a step can
/// be made from the input that the steps before it give: what calibration needs. Without biases.
///
///     block.load(residual, rows: n)
///     block.normalize(attentionNorm)             // what query, key and value read
///     block.attend(projections, norm)            // what attentionOutput reads
///     block.addAttention(output)
///     block.normalize(feedForwardNorm)           // what gate and up read
///     block.expand(expansion, norm)              // what down reads
///     block.addFeedForward(down)
///     block.store(into: residual)
///
/// N = rows, D = hidden, A = heads * headSize, F = intermediate. Activations are f32. Used by one
/// thread at a time; the steps run on the pool.
package final class SteppedBlock {
  /// Longest sequence.
  package let sequenceLength: Int
  /// The blueprint of the model.
  package let configuration: ProcessorConfiguration
  /// Bytes of the workspace.
  package let byteCount: Int

  private let pool: ThreadPool
  private let kernels: KernelTable
  private let workspace: ProcessorWorkspace
  private let cache: KeyValueCache
  private let storage: PageBuffer
  private let inputs: UnsafeMutablePointer<Float>  // [N][max(D, F)]
  private let norm: UnsafeMutablePointer<Float>  // [D]
  private var rows = 0

  /// Bytes of the buffers of such a block, without making it.
  package static func byteCount(
    _ c: ProcessorConfiguration, sequenceLength: Int, threads: Int
  ) -> Int {
    let width = max(c.hiddenSize, c.intermediateSize)
    let cache = KeyValueCache.byteCount(
      type: .f32, layers: 1, kvHeads: c.kvHeadCount, headSize: c.headSize, capacity: sequenceLength)
    return (sequenceLength * width + c.hiddenSize) * 4 + (cache ?? 0)
      + ProcessorWorkspace.byteCount(
        c, contextLength: sequenceLength, rows: sequenceLength, threads: threads, exact: true)
  }

  /// `rotaryFactors` are those of `rope_freqs.weight`, where the model has them.
  package init(
    _ configuration: ProcessorConfiguration, rotaryFactors: [Float]? = nil, sequenceLength: Int,
    pool: ThreadPool, instructionSet: InstructionSet = .best
  ) throws(KernelError) {
    precondition(sequenceLength >= 1)
    self.configuration = configuration
    self.sequenceLength = sequenceLength
    self.pool = pool
    kernels = instructionSet.kernels
    workspace = try ProcessorWorkspace(
      configuration, contextLength: sequenceLength, rows: sequenceLength,
      threads: pool.threadCount, exact: true)
    cache = try KeyValueCache(
      type: .f32, layers: 1, kvHeads: configuration.kvHeadCount,
      headSize: configuration.headSize, capacity: sequenceLength)
    let width = max(configuration.hiddenSize, configuration.intermediateSize)
    storage = try PageBuffer(byteCount: (sequenceLength * width + configuration.hiddenSize) * 4)
    inputs = storage.elements()
    norm = inputs + sequenceLength * width
    byteCount = storage.byteCount + workspace.byteCount
    RotaryFrequencies(
      theta: Double(configuration.ropeTheta), rotated: configuration.rotatedSize,
      scaling: configuration.ropeScaling, factors: rotaryFactors
    ).fill(
      positions: 0..<sequenceLength, cosines: workspace.cosines, sines: workspace.sines)
  }

  /// Linear layers that read the same input, their outputs one after the other: query, key and
  /// value; attentionOutput; gate and up; down.
  package static func group(_ matrices: [PackedMatrix]) -> LinearLayers {
    var column = 0
    var members: [(PackedMatrix, column: Int)] = []
    for matrix in matrices {
      members.append((matrix, column))
      column += matrix.rows
    }
    return LinearLayers(
      matrices: matrices, group: LinearGroup(members, activations: .f32))
  }

  /// Matrices and how they are applied; keeps the matrices alive.
  package struct LinearLayers {
    /// In the order of their outputs.
    package let matrices: [PackedMatrix]
    let group: LinearGroup
  }

  /// Takes the residual stream of a sequence, `[rows][D]`, from position 0 on.
  package func load(_ residual: UnsafePointer<Float>, rows: Int) {
    precondition(rows >= 1 && rows <= sequenceLength)
    self.rows = rows
    workspace.residual.update(from: residual, count: rows * configuration.hiddenSize)
  }

  /// Gives the residual stream back, `[rows][D]`.
  package func store(into residual: UnsafeMutablePointer<Float>) {
    residual.update(from: workspace.residual, count: rows * configuration.hiddenSize)
  }

  /// The residual stream under RMSNorm with that gain, `[rows][D]`; valid until the next call.
  package func normalize(_ gain: [Float]) -> UnsafePointer<Float> {
    setNorm(gain)
    let hidden = configuration.hiddenSize
    pool.parallel(rows) { share in
      for row in share {
        kernels.rows.rmsNorm(
          workspace.residual + row * hidden, norm, configuration.rmsNormEpsilon, hidden,
          inputs + row * hidden)
      }
    }
    return UnsafePointer(inputs)
  }

  /// The outputs of the attention heads, `[rows][A]`; valid until `expand`.
  package func attend(_ projections: LinearLayers, _ gain: [Float]) -> UnsafePointer<Float> {
    setNorm(gain)
    run { pass, worker in
      pass.attend(projections.group, norm: norm, bias: nil, layer: 0, worker)
    }
    return UnsafePointer(workspace.attended)
  }

  /// Adds the attention's output to the residual stream; after `attend`.
  package func addAttention(_ output: LinearLayers) {
    run { pass, worker in pass.addAttention(output.group, worker) }
  }

  /// silu(gate) * up, `[rows][F]`; valid until the next call of `normalize` or `expand`.
  package func expand(_ expansion: LinearLayers, _ gain: [Float]) -> UnsafePointer<Float> {
    setNorm(gain)
    let width = configuration.intermediateSize
    run { pass, worker in
      pass.expand(expansion.group, norm: norm, worker)
      for row in worker.each(rows) {
        let gate = workspace.gated + row * 2 * width
        kernels.rows.swiGLU(gate, gate + width, width, inputs + row * width)
      }
    }
    return UnsafePointer(inputs)
  }

  /// Adds the feed-forward network's output to the residual stream; after `expand`.
  package func addFeedForward(_ down: LinearLayers) {
    run { pass, worker in pass.addFeedForward(down.group, worker) }
  }

  private func setNorm(_ gain: [Float]) {
    precondition(gain.count == configuration.hiddenSize)
    norm.update(from: gain, count: gain.count)
  }

  private func run(_ body: (ForwardPass, Worker) -> Void) {
    let segment = ForwardPass.Segment(
      cache: cache.view, start: 0, firstRow: 0, rows: rows, wanted: rows, firstWanted: 0)
    withUnsafePointer(to: segment) { segment in
      let pass = ForwardPass(
        configuration: configuration, kernels: kernels, workspace: workspace,
        segments: UnsafeBufferPointer(start: segment, count: 1))
      pool.run { worker in body(pass, worker) }
    }
  }
}
