import KernelInterface
import TensorKernels

/// The backward pass of the blocks that a `TapePass` has run, as the program that every thread runs;
/// the names are those of the forward pass, each value here being the gradient of that one.
///
/// The weights are frozen: a linear layer y = W x gives dx = W^T dy alone, exact weights of any format,
/// in f32 or with both factors in bf16 or in eight bits. Adapters get their gradients too. Every number has one owner,
/// who sums in the order of the rows, so that the number of threads changes no bit.
struct TapeBackwardPass {
  let forward: TapePass
  /// bf16 linear layers, where the backward pass runs in bf16.
  let brain: BrainKernelTable?
  /// Where it runs in eight bits, what gradients are rounded with.
  let rounding: RoundingSeed?
  /// Gradients of the adapters, in the layout of their parameters.
  let adapterGradients: UnsafeMutablePointer<Float>?

  private var memory: TapeMemory { forward.memory }
  private var kernels: KernelTable { forward.kernels }
  private var rows: Int { forward.rows }
  private var configuration: ProcessorConfiguration { forward.configuration }

  /// Block `index`, from the gradient of its output to that of its input, both in `memory.gradient`;
  /// `memory.block(index)` must hold the block's values, of which `gated` is lost. Where the gradient of the input is
  /// not wanted, nothing is made for it, and `memory.gradient` is of no use afterwards.
  func run(
    _ block: ForwardPass.Block, _ adapters: BlockAdapters, index: Int, wantsInput: Bool,
    _ worker: Worker
  ) {
    let values = memory.block(index)
    let input = memory.stream(index)
    let stream = memory.gradient
    let inner = forward.innerWidth
    let hidden = forward.hidden
    let rounding = rounding?.part(index)

    // output = middle + Wd (silu(gate) * up)
    transpose(
      block.down, adapters.down, stream, hidden, input: values.gated, 2 * inner, .swiGLU,
      to: memory.activated, rounding: rounding?.part(0), worker)
    for row in worker.each(rows) {
      let gate = values.gated + row * 2 * inner
      kernels.gradients.swiGLUBackward(gate, gate + inner, memory.activated + row * inner, inner)
    }
    worker.barrier()

    // gate, up = W rmsNorm(middle)
    transpose(
      block.expansion, adapters.expansion, values.gated, 2 * inner, input: values.middle, hidden,
      forward.norm(block.feedForwardNorm), to: memory.inputGradient,
      packed: memory.packedExpansion, rounding: rounding?.part(1), worker)
    normalize(values.middle, block.feedForwardNorm, worker)

    // middle = x + Wo attended
    transpose(
      block.attentionOutput, adapters.attentionOutput, stream, hidden, input: values.attended,
      forward.queryWidth, .identity, to: memory.attendedGradient, rounding: rounding?.part(2),
      worker)
    attend(values, worker)

    // q, k, v = W rmsNorm(x)
    transpose(
      block.projections, adapters.projections, memory.projectedGradient, forward.projectedWidth,
      input: input, hidden, forward.norm(block.attentionNorm),
      to: wantsInput ? memory.inputGradient : nil, rounding: rounding?.part(3), worker)
    if wantsInput { normalize(input, block.attentionNorm, worker) }
  }

  /// dx = sum W^T g over the layers of a step, `x` being what the step was given; the adapters' gradients alone where
  /// dx is not wanted.
  private func transpose(
    _ group: LinearGroup, _ adapters: [AdapterView], _ g: UnsafePointer<Float>, _ stride: Int,
    input x: UnsafePointer<Float>, _ xStride: Int, _ transform: InputTransform,
    to dx: UnsafeMutablePointer<Float>?, packed: UnsafeMutablePointer<Float>? = nil,
    rounding: RoundingSeed?, _ worker: Worker
  ) {
    if let dx {
      var accumulate = false
      for part in group.parts {
        for member in part.members {
          apply(
            transposed: member.matrix, g + member.column, stride, to: dx, group.columns,
            accumulate, packed: packed, rounding: rounding?.part(member.column), worker)
          accumulate = true
        }
      }
    }
    guard let adapterGradients, !adapters.isEmpty, forward.batch.adapted?.isEmpty != true else {
      return
    }
    let step = forward.lowRankStep(worker)
    let own = LowRankStep.GradientMemory(
      middle: memory.adapterGradient, packedGradients: memory.packed, packedInputs: memory.packed,
      scratch: memory.gradientScratch(worker.index), brain: brain)
    let input = step.read(group.columns, x, xStride, transform, worker)
    for adapter in adapters {
      step.differentiate(
        adapter, of: input, g + adapter.column, stride, to: adapterGradients, dx: dx, own, worker)
    }
  }

  /// dx (+)= W^T g.
  func apply(
    transposed matrix: MatrixView, _ g: UnsafePointer<Float>, _ stride: Int,
    to dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool, rows: Int? = nil,
    packed: UnsafeMutablePointer<Float>? = nil, rounding: RoundingSeed?, _ worker: Worker
  ) {
    let packed = packed ?? memory.packed
    let scratch = memory.gradientScratch(worker.index)
    if let rounding, matrix.format.elementsPerBlock > 1 {
      matrix.applyTransposed(
        worker, kernels.gradients.bytes, g, stride: stride, count: rows ?? self.rows,
        seed: rounding.word, dx: dx, dxStride: dxStride, accumulate: accumulate, packed: packed,
        scratch: scratch)
    } else if let brain {
      matrix.applyTransposed(
        worker, brain, g, stride: stride, count: rows ?? self.rows, dx: dx, dxStride: dxStride,
        accumulate: accumulate, packed: packed, scratch: scratch)
    } else {
      matrix.applyTransposed(
        worker, kernels, g, stride: stride, count: rows ?? self.rows, dx: dx, dxStride: dxStride,
        accumulate: accumulate, packed: packed, scratch: scratch)
    }
    worker.barrier()
  }

  /// stream += the gradient of rmsNorm(x), given that of its result in `inputGradient`.
  private func normalize(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ worker: Worker
  ) {
    let hidden = forward.hidden
    for row in worker.each(rows) {
      kernels.gradients.rmsNormBackward(
        x + row * hidden, weight, configuration.rmsNormEpsilon,
        memory.inputGradient + row * hidden, hidden, memory.gradient + row * hidden, 1)
    }
    worker.barrier()
  }

  /// From `attendedGradient` to `projectedGradient`; (sequence, kv head) pairs are dealt out in turn,
  /// each with the query heads that it serves, one after the other.
  private func attend(_ values: TapeMemory.Block, _ worker: Worker) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let group = configuration.headsPerKVHead
    let width = forward.projectedWidth
    let scratch = memory.attentionScratch(worker.index)
    let boundaries = forward.batch.boundaries
    worker.deal(forward.batch.sequenceCount * configuration.kvHeadCount) { item in
      let first = boundaries[item / configuration.kvHeadCount]
      let count = boundaries[item / configuration.kvHeadCount + 1] - first
      let head = item % configuration.kvHeadCount
      let key = first * width + forward.queryWidth + head * size
      for query in head * group..<(head + 1) * group {
        let column = first * width + query * size
        let out = first * forward.queryWidth + query * size
        kernels.gradients.attendBackward(
          values.projected + column, values.projected + key,
          values.projected + key + forward.keyWidth, width, count, size, scale,
          values.attended + out, memory.attendedGradient + out, forward.queryWidth,
          memory.projectedGradient + column, memory.projectedGradient + key,
          memory.projectedGradient + key + forward.keyWidth, query > head * group ? 1 : 0, scratch)
      }
    }
    worker.barrier()
    rotateBack(worker)
    worker.barrier()
  }

  /// The gradient of a rotation is the rotation by the opposite angle.
  private func rotateBack(_ worker: Worker) {
    let rotated = configuration.rotatedSize
    let heads = configuration.headCount + configuration.kvHeadCount
    for row in worker.each(rows) {
      kernels.rows.rotatePairs(
        memory.projectedGradient + row * forward.projectedWidth, heads, configuration.headSize,
        rotated, memory.cosines + row * (rotated / 2), memory.negatedSines + row * (rotated / 2))
    }
  }
}
