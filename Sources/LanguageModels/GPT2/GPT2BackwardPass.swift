import KernelInterface
import TensorKernels

/// The backward pass over the batch that a `GPT2ForwardPass` has read, as the program that every thread
/// runs; the names are those of the forward pass, each value here being the gradient of that one.
///
/// Gradients of parameters are added to what is there; frozen parameters get none, and cost nothing.
/// Every number has one owner, who sums in the order of the rows, so that the number of threads changes
/// no bit.
struct GPT2BackwardPass {
  let forward: GPT2ForwardPass
  let workspace: GPT2BackwardWorkspace
  /// What has gradients, and where they go.
  let trained: Trained
  /// Gradients of hidden states that come from outside.
  let upstream: [Upstream]

  /// The gradient of the state after `block` blocks at `row`, `[width]`.
  struct Upstream {
    let block: Int
    let row: Int
    let values: UnsafePointer<Float>
  }

  /// Gradients of the parameters of one block, as `GPT2ForwardPass.Block` has them.
  struct Block {
    let attentionNorm: Parameters
    let projections: Parameters
    let attentionOutput: Parameters
    let feedForwardNorm: Parameters
    let expansion: Parameters
    let contraction: Parameters
  }

  /// Gradients of the weight and the bias of a norm or a linear layer.
  struct Parameters {
    let weight: UnsafeMutablePointer<Float>
    let bias: UnsafeMutablePointer<Float>
  }

  /// Gradients of everything, of the adapters on a frozen model alone, in the layout of their parameters,
  /// or of nothing: of what was added between the blocks alone.
  enum Trained {
    case parameters(
      blocks: [Block], finalNorm: Parameters, tokenTable: UnsafeMutablePointer<Float>,
      positionTable: UnsafeMutablePointer<Float>)
    case adapters(UnsafeMutablePointer<Float>)
    case nothing
  }

  private var configuration: GPT2Configuration { forward.configuration }
  private var kernels: KernelTable { forward.kernels }
  private var rows: Int { forward.rows }
  private var width: Int { configuration.width }
  private var innerWidth: Int { configuration.innerWidth }

  /// From the final states to the stream after the last block.
  func begin(_ norm: GPT2ForwardPass.Norm, _ worker: Worker) {
    var gradients: Parameters?
    if case .parameters(_, let finalNorm, _, _) = trained { gradients = finalNorm }
    for some in worker.portions(of: rows * width) {
      (workspace.stream + some.lowerBound).update(repeating: 0, count: some.count)
      (workspace.narrow + some.lowerBound).update(repeating: 0, count: some.count)
    }
    worker.barrier()
    addUpstream(configuration.blockCount, to: workspace.narrow, worker)
    normalize(
      forward.workspace.state(configuration.blockCount), norm, gradients, worker)
  }

  /// Block `index`, from the gradient of its output to that of its input, both in `stream`; the
  /// forward pass's values of this block must be there. The first block ends at the lowest layer that is
  /// trained.
  func run(_ block: GPT2ForwardPass.Block, index: Int, _ worker: Worker) {
    let values = forward.workspace.block(index)
    var gradients: Block?
    if case .parameters(let blocks, _, _, _) = trained { gradients = blocks[index] }
    let lowest = gradients == nil && index == 0 ? block.lowestAdapted : nil

    // stream = middle + Wd gelu(expanded) + bd
    read(values.expanded, innerWidth, .gelu, for: block.contraction, worker)
    apply(
      block.contraction, gradients?.contraction, workspace.stream, input: workspace.inputs,
      to: lowest == .contraction ? nil : workspace.expanded, worker)
    if lowest == .contraction { return }
    for row in worker.each(rows) {
      kernels.gradients.geluBackward(
        values.expanded + row * innerWidth, innerWidth, workspace.expanded + row * innerWidth)
    }

    // expanded = Wu layerNorm(middle) + bu
    read(values.middle, width, forward.norm(block.feedForwardNorm), for: block.expansion, worker)
    apply(
      block.expansion, gradients?.expansion, workspace.expanded, input: workspace.inputs,
      to: lowest == .expansion ? nil : workspace.narrow, worker)
    if lowest == .expansion { return }
    normalize(values.middle, block.feedForwardNorm, gradients?.feedForwardNorm, worker)

    // middle = x + Wo attended + bo
    apply(
      block.attentionOutput, gradients?.attentionOutput, workspace.stream, input: values.attended,
      to: lowest == .attentionOutput ? nil : workspace.narrow, worker)
    if lowest == .attentionOutput { return }
    attend(values, worker)

    // projected = W layerNorm(x) + b
    let input = forward.workspace.state(index)
    read(input, width, forward.norm(block.attentionNorm), for: block.projections, worker)
    apply(
      block.projections, gradients?.projections, workspace.projected, input: workspace.inputs,
      to: lowest == .projections ? nil : workspace.narrow, worker)
    if lowest == .projections { return }
    normalize(input, block.attentionNorm, gradients?.attentionNorm, worker)
    addUpstream(index, to: workspace.stream, worker)
  }

  /// From the stream before the first block to the tables; columns are shared out, because a token can
  /// stand in many rows.
  func scatter(_ worker: Worker) {
    guard case .parameters(_, _, let tokenTable, let positionTable) = trained else { return }
    for columns in worker.portions(of: width, unit: 16) {
      for row in 0..<rows {
        let gradient = workspace.stream + row * width
        let token = tokenTable + forward.batch.tokens[row] * width
        let position = positionTable + forward.batch.positions[row] * width
        for i in columns {
          token[i] += gradient[i]
          position[i] += gradient[i]
        }
      }
    }
  }

  // MARK: Steps

  /// What a layer has read, in `inputs`, where a gradient needs it. A barrier in either case.
  private func read(
    _ x: UnsafePointer<Float>, _ columns: Int, _ transform: InputTransform,
    for linear: GPT2ForwardPass.Linear, _ worker: Worker
  ) {
    let isFrozen =
      switch trained {
      case .parameters: false
      case .adapters: linear.adapter == nil
      case .nothing: true
      }
    if !isFrozen {
      for row in worker.each(rows) {
        transform.apply(
          kernels, x + row * columns, columns, to: workspace.inputs + row * columns)
      }
    }
    worker.barrier()
  }

  private func addUpstream(
    _ block: Int, to target: UnsafeMutablePointer<Float>, _ worker: Worker
  ) {
    for columns in worker.portions(of: width, unit: 16) {
      for entry in upstream where entry.block == block {
        let row = target + entry.row * width
        for i in columns { row[i] += entry.values[i] }
      }
    }
    worker.barrier()
  }

  /// dx = W^T g over all rows, where it is wanted; dW += g x^T and db += g, or the adapter's gradients.
  private func apply(
    _ linear: GPT2ForwardPass.Linear, _ gradients: Parameters?, _ g: UnsafePointer<Float>,
    input: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>?, _ worker: Worker
  ) {
    let matrix = linear.matrix
    let scratch = workspace.linearScratch(worker.index)
    if let gradients {
      for outputs in worker.portions(of: matrix.rows, unit: 16) {
        kernels.gradients.addColumnSums(
          g, rows, matrix.rows, outputs.lowerBound, outputs.upperBound, gradients.bias)
      }
      matrix.addGradient(
        worker, kernels, g, gStride: matrix.rows, input, xStride: matrix.columns, count: rows,
        to: gradients.weight, accumulate: true, packed: workspace.packedInputs, scratch: scratch)
    }
    if let dx {
      matrix.applyTransposed(
        worker, kernels, g, stride: matrix.rows, count: rows, dx: dx, dxStride: matrix.columns,
        accumulate: false, packed: workspace.packedGradients, scratch: scratch)
    }
    worker.barrier()
    guard case .adapters(let adapterGradients) = trained, let adapter = linear.adapter else {
      return
    }
    let step = forward.lowRankStep(adapter, worker)
    step.shrink(adapter, input, worker)
    step.differentiate(
      adapter, of: input, g, matrix.rows, to: adapterGradients, dx: dx,
      .init(
        middle: workspace.adapterMiddle, packedGradients: workspace.packedGradients,
        packedInputs: workspace.packedInputs, scratch: scratch, brain: nil), worker)
  }

  /// stream += the gradient of layerNorm(x), given that of its result in `narrow`.
  private func normalize(
    _ x: UnsafePointer<Float>, _ norm: GPT2ForwardPass.Norm, _ gradients: Parameters?,
    _ worker: Worker
  ) {
    for row in worker.each(rows) {
      kernels.gradients.layerNormBackward(
        x + row * width, norm.weight, configuration.layerNormEpsilon, width,
        workspace.narrow + row * width, workspace.stream + row * width,
        workspace.moments + 2 * row)
    }
    worker.barrier()
    guard let gradients else { return }
    for columns in worker.portions(of: width, unit: 16) {
      kernels.gradients.layerNormGradients(
        x, workspace.narrow, workspace.moments, rows, width, columns.lowerBound,
        columns.upperBound, gradients.weight, gradients.bias)
    }
    worker.barrier()
  }

  /// From `narrow`, the gradient of what attention gives, to `projected`; (sequence, head) pairs are
  /// dealt out in turn.
  private func attend(_ values: GPT2Workspace.Block, _ worker: Worker) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let scratch = workspace.attentionScratch(worker.index)
    let boundaries = forward.batch.boundaries
    worker.deal(forward.batch.sequenceCount * configuration.headCount) { item in
      let sequence = item / configuration.headCount
      let offset = item % configuration.headCount * size
      let first = boundaries[sequence]
      let query = values.projected + first * 3 * width + offset
      let gradient = workspace.projected + first * 3 * width + offset
      kernels.gradients.attendBackward(
        query, query + width, query + 2 * width, 3 * width,
        boundaries[sequence + 1] - first, 0, 0, 1, size, scale,
        values.attended + first * width + offset, workspace.narrow + first * width + offset, width,
        gradient, gradient + width, gradient + 2 * width, nil, scratch)
    }
    worker.barrier()
  }
}
