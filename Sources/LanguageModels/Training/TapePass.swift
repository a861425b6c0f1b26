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

  var rows: Int { batch.rows }
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
      block.projections, adapters.projections, to: input, hidden, norm(block.attentionNorm),
      out: values.projected, projectedWidth, accumulate: false, worker)
    let view = cache.view
    configuration.rotateAndStore(
      worker, kernels, values.projected, rows: rows, bias: block.projectionBias,
      cosines: memory.cosines, sines: memory.sines, layer: 0
    ) { (view, batch.cacheRows[$0]) }
    copy(input, to: values.middle, adding: block.attentionOutputBias, worker)
    worker.barrier()
    batch.attend(
      worker, kernels, cache, headsPerKVHead: configuration.headsPerKVHead,
      queries: values.projected, stride: projectedWidth, out: values.attended,
      outStride: queryWidth, scratch: memory.thread(worker.index).attention)
    worker.barrier()
    apply(
      block.attentionOutput, adapters.attentionOutput, to: values.attended, queryWidth, .identity,
      out: values.middle, hidden, accumulate: true, worker)
    apply(
      block.expansion, adapters.expansion, to: values.middle, hidden, norm(block.feedForwardNorm),
      out: values.gated, 2 * innerWidth, accumulate: false, worker)
    guard let output else { return }
    copy(values.middle, to: output, worker)
    worker.barrier()
    apply(
      block.down, adapters.down, to: values.gated, 2 * innerWidth, .swiGLU, out: output, hidden,
      accumulate: true, worker)
  }

  func norm(_ weight: UnsafePointer<Float>) -> InputTransform {
    .rmsNorm(weight: weight, epsilon: configuration.rmsNormEpsilon)
  }

  /// out (+)= W transform(x), the adapters' part included.
  private func apply(
    _ group: LinearGroup, _ adapters: [AdapterView], to x: UnsafePointer<Float>, _ stride: Int,
    _ transform: InputTransform, out: UnsafeMutablePointer<Float>, _ outStride: Int,
    accumulate: Bool, _ worker: Worker
  ) {
    group.apply(
      worker, kernels, shared: memory.shared, own: memory.thread(worker.index), x: x,
      stride: stride, rows: rows, transform: transform, out: out, outStride: outStride,
      accumulate: accumulate)
    worker.barrier()
    guard !adapters.isEmpty, batch.adapted?.isEmpty != true else { return }
    let step = lowRankStep(worker)
    let input = step.read(group.columns, x, stride, transform, worker)
    for adapter in adapters {
      step.add(adapter, of: input, to: out + adapter.column, outStride, worker)
    }
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

  /// The adapters' part of a linear layer.
  func lowRankStep(_ worker: Worker) -> LowRankStep {
    LowRankStep(
      kernels: kernels, rows: batch.adapted?.count ?? rows, chosen: batch.adapted?.baseAddress,
      memory: .init(
        input: memory.adapterInput, output: memory.adapterOutput, middle: memory.adapterMiddle,
        tiles: memory.shared),
      own: memory.thread(worker.index))
  }
}
