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

  var memory: TapeMemory { forward.memory }
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
    let wanted = forward.wanted(index)
    let rows = wanted?.count ?? rows

    // output = middle + Wd (silu(gate) * up)
    transpose(
      block.down, adapters.down, values, stream, hidden, input: values.gated, 2 * inner, .swiGLU,
      to: memory.activated, rows: rows, rounding: rounding?.part(0), worker)
    for row in worker.each(rows) {
      let gate = values.gated + row * 2 * inner
      kernels.gradients.swiGLUBackward(gate, gate + inner, memory.activated + row * inner, inner)
    }
    worker.barrier()

    // gate, up = W rmsNorm(middle)
    transpose(
      block.expansion, adapters.expansion, values, values.gated, 2 * inner, input: values.middle,
      hidden,
      forward.norm(block.feedForwardNorm), to: memory.inputGradient, rows: rows,
      packed: memory.packedExpansion, rounding: rounding?.part(1), worker)
    normalize(values.middle, block.feedForwardNorm, rows: rows, worker)

    // middle = x + Wo attended
    transpose(
      block.attentionOutput, adapters.attentionOutput, values, stream, hidden,
      input: values.attended,
      forward.queryWidth, .identity, to: memory.attendedGradient, rows: rows,
      rounding: rounding?.part(2), worker)
    if let wanted {
      worker.onCaller {
        spread(memory.attendedGradient, forward.queryWidth, to: wanted)
        spread(stream, hidden, to: wanted)
      }
      worker.barrier()
    }
    attend(values, index: index, worker)

    // q, k, v = W rmsNorm(x)
    transpose(
      block.projections, adapters.projections, values, memory.projectedGradient,
      forward.projectedWidth,
      input: input, hidden, forward.norm(block.attentionNorm),
      to: wantsInput ? memory.inputGradient : nil, rows: self.rows, rounding: rounding?.part(3),
      worker)
    if wantsInput { normalize(input, block.attentionNorm, rows: self.rows, worker) }
  }

  /// Rows that lie together to where they belong in the batch, and zeros to the others.
  private func spread(
    _ values: UnsafeMutablePointer<Float>, _ width: Int, to wanted: UnsafeBufferPointer<Int>
  ) {
    var end = rows
    // From the last one on, as none lies behind where it belongs.
    for (place, row) in wanted.enumerated().reversed() {
      (values + (row + 1) * width).update(repeating: 0, count: (end - row - 1) * width)
      if place != row { (values + row * width).update(from: values + place * width, count: width) }
      end = row
    }
    values.update(repeating: 0, count: end * width)
  }

  /// dx = sum W^T g over the layers of a step, `x` being what the step was given; the adapters' gradients alone where
  /// dx is not wanted.
  private func transpose(
    _ group: LinearGroup, _ adapters: AdapterGroup, _ values: TapeMemory.Block,
    _ g: UnsafePointer<Float>, _ stride: Int,
    input x: UnsafePointer<Float>, _ xStride: Int, _ transform: InputTransform,
    to dx: UnsafeMutablePointer<Float>?, rows: Int, packed: UnsafeMutablePointer<Float>? = nil,
    rounding: RoundingSeed?, _ worker: Worker
  ) {
    if let dx {
      var accumulate = false
      for part in group.parts {
        for member in part.members {
          apply(
            transposed: member.matrix, g + member.column, stride, to: dx, group.columns,
            accumulate, rows: rows, packed: packed, rounding: rounding?.part(member.column), worker)
          accumulate = true
        }
      }
    }
    // On rows of the last block that are wanted no adapters act, or they would be all.
    guard rows == self.rows, let adapterGradients, !adapters.adapters.isEmpty,
      forward.batch.adapted?.isEmpty != true
    else {
      return
    }
    let step = forward.lowRankStep(values, worker)
    let own = LowRankStep.GradientMemory(
      middle: memory.adapterGradient, packedGradients: memory.packed, packedInputs: memory.packed,
      scratch: memory.gradientScratch(worker.index), brain: brain)
    let input = step.read(group.columns, x, xStride, transform, worker)
    for adapter in adapters.adapters {
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
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, rows: Int, _ worker: Worker
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
  private func attend(_ values: TapeMemory.Block, index: Int, _ worker: Worker) {
    let valueEdit = forward.valueEdit(index)
    if valueEdit != nil { setOwnAside(worker) }
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
      let shared = item < configuration.kvHeadCount ? 0 : forward.batch.sharedCount
      let column = first * width + head * group * size
      let out = first * forward.queryWidth + head * group * size
      kernels.gradients.attendBackward(
        values.projected + column, values.projected + key,
        values.projected + key + forward.keyWidth, width, count, shared, -first * width, group,
        size, scale,
        values.attended + out, memory.attendedGradient + out, forward.queryWidth,
        memory.projectedGradient + column, memory.projectedGradient + key,
        memory.projectedGradient + key + forward.keyWidth, sharedGradient(item), scratch)
    }
    worker.barrier()
    addShared(worker)
    worker.barrier()
    if let valueEdit { differentiateValues(valueEdit, values, index: index, worker) }
    rotateBack(worker)
    worker.barrier()
  }

  /// What (sequence, kv head) pair `item` adds to the gradients of keys and values of shared tokens, `[token][2][size]`.
  private func sharedGradient(_ item: Int) -> UnsafeMutablePointer<Float> {
    memory.sharedGradient + 2 * item * forward.batch.sharedCount * configuration.headSize
  }

  /// Adds them up in the order of the sequences; the first one's own are there.
  private func addShared(_ worker: Worker) {
    let shared = forward.batch.sharedCount
    guard shared > 0 else { return }
    let size = configuration.headSize
    for head in worker.each(configuration.kvHeadCount) {
      for sequence in 1..<forward.batch.sequenceCount {
        var source = sharedGradient(sequence * configuration.kvHeadCount + head)
        for token in 0..<shared {
          let key =
            memory.projectedGradient + token * forward.projectedWidth + forward.queryWidth
            + head * size
          for i in 0..<size {
            key[i] += source[i]
            key[forward.keyWidth + i] += source[size + i]
          }
          source += 2 * size
        }
      }
    }
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
