import KernelInterface
import TensorKernels

/// The blocks of a processor over a batch of sequences, as the program that every thread runs: the
/// same numbers, to the bit, as `ForwardPass` with a cache of f32, and what the backward pass needs of
/// them stays in the tape's memory.
struct TapePass {
  let configuration: ProcessorConfiguration
  let kernels: KernelTable
  let memory: TapeMemory
  /// Of one layer: each block stores its keys and values anew.
  let cache: KeyValueCache
  let batch: BatchLayout.View
  /// Who edits values of first tokens in some block; nil where nobody does.
  let valueEdit: (any DifferentiableStreamEdit)?

  var rows: Int { batch.rows }
  /// The rows of which block `index` makes an output, where these are not all.
  func wanted(_ index: Int) -> UnsafeBufferPointer<Int>? {
    index == memory.shape.depth - 1 ? batch.wanted : nil
  }
  var hidden: Int { configuration.hiddenSize }
  var queryWidth: Int { configuration.headCount * configuration.headSize }
  var keyWidth: Int { configuration.kvHeadCount * configuration.headSize }
  var projectedWidth: Int { queryWidth + 2 * keyWidth }
  var innerWidth: Int { configuration.intermediateSize }

  /// Block `index` from its input, into `memory.block(index)` and, unless that is not needed, into
  /// `output`.
  func run(
    _ block: ForwardPass.Block, _ adapters: BlockAdapters, index: Int,
    to output: UnsafeMutablePointer<Float>?, _ worker: Worker
  ) {
    let input = memory.stream(index)
    let values = memory.block(index)
    apply(
      block.projections, adapters.projections, values, to: input, hidden, norm(block.attentionNorm),
      out: values.projected, projectedWidth, accumulate: false, worker)
    let view = cache.view
    configuration.rotateAndStore(
      worker, kernels, values.projected, rows: rows, bias: block.projectionBias,
      cosines: memory.cosines, sines: memory.sines, layer: 0
    ) { (view, batch.cacheRows[$0]) }
    let wanted = wanted(index)
    if wanted == nil {
      copy(input, to: values.middle, adding: block.attentionOutputBias, worker)
    }
    worker.barrier()
    let valueEdit = valueEdit(index)
    if let valueEdit { editValues(valueEdit, values, index: index, worker) }
    storeShared(values, worker)
    batch.attend(
      worker, kernels, cache, headsPerKVHead: configuration.headsPerKVHead,
      queries: values.projected, stride: projectedWidth, out: values.attended,
      outStride: queryWidth, scratch: memory.thread(worker.index).attention)
    worker.barrier()
    if valueEdit != nil { restoreOwn(values, worker) }
    if let wanted { return finish(block, wanted, values, from: input, to: output, worker) }
    apply(
      block.attentionOutput, adapters.attentionOutput, values, to: values.attended, queryWidth,
      .identity, out: values.middle, hidden, accumulate: true, worker)
    apply(
      block.expansion, adapters.expansion, values, to: values.middle, hidden,
      norm(block.feedForwardNorm), out: values.gated, 2 * innerWidth, accumulate: false, worker)
    guard let output else {
      // A backward pass finds u of the last step, too.
      _ = shrink(
        block.down, adapters.down, values, values.gated, 2 * innerWidth, .swiGLU, worker)
      return
    }
    copy(values.middle, to: output, worker)
    worker.barrier()
    apply(
      block.down, adapters.down, values, to: values.gated, 2 * innerWidth, .swiGLU, out: output,
      hidden, accumulate: true, worker)
  }

  /// The rest of a block, of the rows that are wanted; no adapters act on these.
  private func finish(
    _ block: ForwardPass.Block, _ wanted: UnsafeBufferPointer<Int>, _ values: TapeMemory.Block,
    from input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>?, _ worker: Worker
  ) {
    // Free in a forward pass.
    let attended = memory.attendedGradient
    for i in worker.each(wanted.count) {
      (attended + i * queryWidth).update(
        from: values.attended + wanted[i] * queryWidth, count: queryWidth)
      let middle = values.middle + i * hidden
      middle.update(from: input + wanted[i] * hidden, count: hidden)
      if let bias = block.attentionOutputBias { addBias(bias, hidden, to: middle) }
    }
    worker.barrier()
    func apply(
      _ group: LinearGroup, to x: UnsafePointer<Float>, _ stride: Int, _ transform: InputTransform,
      out: UnsafeMutablePointer<Float>, _ outStride: Int, accumulate: Bool
    ) {
      group.apply(
        worker, kernels, shared: memory.shared, own: memory.thread(worker.index), x: x,
        stride: stride, rows: wanted.count, transform: transform, out: out, outStride: outStride,
        accumulate: accumulate)
      worker.barrier()
    }
    apply(
      block.attentionOutput, to: attended, queryWidth, .identity, out: values.middle, hidden,
      accumulate: true)
    apply(
      block.expansion, to: values.middle, hidden, norm(block.feedForwardNorm), out: values.gated,
      2 * innerWidth, accumulate: false)
    guard let output else { return }
    for some in worker.portions(of: wanted.count * hidden) {
      (output + some.lowerBound).update(
        from: values.middle + some.lowerBound, count: some.count)
    }
    worker.barrier()
    apply(
      block.down, to: values.gated, 2 * innerWidth, .swiGLU, out: output, hidden, accumulate: true)
  }

  /// Keys and values of the tokens that sequences share, to those of the other sequences as well.
  private func storeShared(_ values: TapeMemory.Block, _ worker: Worker) {
    let shared = batch.sharedCount
    guard shared > 0 else { return }
    let view = cache.view
    let size = configuration.headSize
    for sequence in worker.each(batch.sequenceCount - 1) {
      // The place of its first own token is that of position `shared`.
      let first = batch.cacheRows[batch.boundaries[sequence + 1]] - shared
      for position in 0..<shared {
        for head in 0..<configuration.kvHeadCount {
          let key = values.projected + position * projectedWidth + queryWidth + head * size
          kernels.attention.storeKeyValue(
            view.kind, key, key + keyWidth, first + position, size,
            view.keys(layer: 0, head: head), view.values(layer: 0, head: head))
        }
      }
    }
    worker.barrier()
  }

  func norm(_ weight: UnsafePointer<Float>) -> InputTransform {
    .rmsNorm(weight: weight, epsilon: configuration.rmsNormEpsilon)
  }

  /// out (+)= W transform(x), the adapters' part included.
  private func apply(
    _ group: LinearGroup, _ adapters: AdapterGroup, _ values: TapeMemory.Block,
    to x: UnsafePointer<Float>, _ stride: Int, _ transform: InputTransform,
    out: UnsafeMutablePointer<Float>, _ outStride: Int, accumulate: Bool, _ worker: Worker
  ) {
    group.apply(
      worker, kernels, shared: memory.shared, own: memory.thread(worker.index), x: x,
      stride: stride, rows: rows, transform: transform, out: out, outStride: outStride,
      accumulate: accumulate)
    worker.barrier()
    guard let step = shrink(group, adapters, values, x, stride, transform, worker) else { return }
    for adapter in adapters.adapters {
      step.add(adapter, to: out + adapter.column, outStride, worker)
    }
  }

  /// u of the adapters of a step, which the backward pass finds in `values`; nil where none act.
  private func shrink(
    _ group: LinearGroup, _ adapters: AdapterGroup, _ values: TapeMemory.Block,
    _ x: UnsafePointer<Float>, _ stride: Int, _ transform: InputTransform, _ worker: Worker
  ) -> LowRankStep? {
    guard !adapters.adapters.isEmpty, batch.adapted?.isEmpty != true else { return nil }
    let step = lowRankStep(values, worker)
    step.shrink(adapters, step.read(group.columns, x, stride, transform, worker), worker)
    return step
  }

  private func copy(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    adding bias: UnsafePointer<Float>? = nil, _ worker: Worker
  ) {
    for some in worker.portions(of: rows) {
      (target + some.lowerBound * hidden).update(
        from: source + some.lowerBound * hidden, count: some.count * hidden)
      guard let bias else { continue }
      for row in some { addBias(bias, hidden, to: target + row * hidden) }
    }
  }

  /// The adapters' part of a linear layer of the block that has these values.
  func lowRankStep(_ values: TapeMemory.Block, _ worker: Worker) -> LowRankStep {
    LowRankStep(
      kernels: kernels, rows: batch.adapted?.count ?? rows, chosen: batch.adapted?.baseAddress,
      memory: .init(
        input: memory.adapterInput, output: memory.adapterOutput, middle: values.adapted,
        middleStride: memory.shape.adapterWidth, tiles: memory.shared),
      own: memory.thread(worker.index))
  }
}
