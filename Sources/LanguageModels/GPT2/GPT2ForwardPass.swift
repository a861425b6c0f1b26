import KernelInterface
import TensorKernels

/// The blocks of a GPT-2 over a batch of sequences, as the program that every thread runs.
///
/// Per block, with x the residual stream `[N][D]`:
///   q, k, v = W layerNorm(x) + b
///   x += Wo attention(q, k, v) + bo      causal, within each sequence
///   x += Wd gelu(Wu layerNorm(x) + bu) + bd
/// What a linear layer adds to the stream is summed by itself first: the stream can be hundreds of
/// times larger, and a sum that began with it would be rounded at its size in every step. Each W may
/// have an adapter, which is added to what the layer gives. Threads meet at a barrier after each step;
/// nothing is allocated.
struct GPT2ForwardPass {
  let configuration: GPT2Configuration
  let kernels: KernelTable
  let workspace: GPT2Workspace
  let cache: KeyValueCache
  let batch: BatchLayout.View

  /// The parameters of one block.
  struct Block {
    let attentionNorm: Norm
    let projections: Linear
    let attentionOutput: Linear
    let feedForwardNorm: Norm
    let expansion: Linear
    let contraction: Linear

    /// The layers in the order of use.
    var linears: [Linear] { [projections, attentionOutput, expansion, contraction] }
    /// The first of them with an adapter.
    var lowestAdapted: GPT2AdapterConfiguration.Module? {
      zip(GPT2AdapterConfiguration.Module.allCases, linears).first { $0.1.adapter != nil }?.0
    }
  }

  struct Norm {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>
  }

  struct Linear {
    let matrix: MatrixView
    let weight: LinearGroup  // of the matrix alone
    let bias: UnsafePointer<Float>
    let adapter: AdapterView?
  }

  var rows: Int { batch.rows }
  private var width: Int { configuration.width }

  /// state[0][n] = wte[token] + wpe[position].
  func embed(
    _ tokenTable: UnsafePointer<Float>, _ positionTable: UnsafePointer<Float>, _ worker: Worker
  ) {
    for row in worker.each(rows) {
      let token = tokenTable + batch.tokens[row] * width
      let position = positionTable + batch.positions[row] * width
      let out = workspace.state(0) + row * width
      for i in 0..<width { out[i] = token[i] + position[i] }
    }
    worker.barrier()
  }

  /// Block `index`, from its state to the next one.
  func run(_ block: Block, index: Int, _ worker: Worker) {
    let input = workspace.state(index)
    let output = workspace.state(index + 1)
    let own = workspace.block(index)
    for row in worker.each(rows) {
      (own.projected + row * 3 * width).update(from: block.projections.bias, count: 3 * width)
      (own.expanded + row * configuration.innerWidth).update(
        from: block.expansion.bias, count: configuration.innerWidth)
    }
    worker.barrier()
    apply(
      block.projections, to: input, width, norm(block.attentionNorm), out: own.projected,
      3 * width, accumulate: true, worker)
    storeKeysAndValues(own, worker)
    worker.barrier()
    attend(own, worker)
    worker.barrier()
    apply(
      block.attentionOutput, to: own.attended, width, .identity, out: own.middle, width,
      accumulate: false, worker)
    addToStream(input, block.attentionOutput.bias, own.middle, worker)
    apply(
      block.expansion, to: own.middle, width, norm(block.feedForwardNorm),
      out: own.expanded, configuration.innerWidth, accumulate: true, worker)
    apply(
      block.contraction, to: own.expanded, configuration.innerWidth, .gelu, out: output,
      width, accumulate: false, worker)
    addToStream(own.middle, block.contraction.bias, output, worker)
  }

  /// final = layerNorm(state[M]).
  func normalize(_ norm: Norm, _ worker: Worker) {
    for row in worker.each(rows) {
      kernels.rows.layerNorm(
        workspace.state(configuration.blockCount) + row * width, norm.weight, norm.bias,
        configuration.layerNormEpsilon, width, workspace.finalState + row * width)
    }
    worker.barrier()
  }

  /// out (+)= W transform(x), the adapter's part included.
  private func apply(
    _ linear: Linear, to x: UnsafePointer<Float>, _ stride: Int, _ transform: InputTransform,
    out: UnsafeMutablePointer<Float>, _ outStride: Int, accumulate: Bool, _ worker: Worker
  ) {
    linear.weight.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index), x: x,
      stride: stride, rows: rows, transform: transform, out: out, outStride: outStride,
      accumulate: accumulate)
    worker.barrier()
    guard let adapter = linear.adapter else { return }
    let step = lowRankStep(adapter, worker)
    step.shrink(adapter, step.read(linear.matrix.columns, x, stride, transform, worker), worker)
    step.add(adapter, to: out, outStride, worker)
  }

  /// An adapter's part of its linear layer.
  func lowRankStep(_ adapter: AdapterView, _ worker: Worker) -> LowRankStep {
    LowRankStep(
      kernels: kernels, rows: rows,
      memory: .init(
        input: workspace.adapterInput, middle: workspace.adapterMiddle,
        middleStride: adapter.down.rows, tiles: workspace.shared),
      own: workspace.thread(worker.index))
  }

  func norm(_ norm: Norm) -> InputTransform {
    .layerNorm(weight: norm.weight, bias: norm.bias, epsilon: configuration.layerNormEpsilon)
  }

  /// out = stream + (out + bias).
  private func addToStream(
    _ stream: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>, _ worker: Worker
  ) {
    for row in worker.each(rows) {
      let stream = stream + row * width
      let out = out + row * width
      for i in 0..<width { out[i] = stream[i] + (out[i] + bias[i]) }
    }
    worker.barrier()
  }

  /// (row, head) pairs are shared out.
  private func storeKeysAndValues(_ block: GPT2Workspace.Block, _ worker: Worker) {
    let size = configuration.headSize
    let heads = configuration.headCount
    for item in worker.each(rows * heads) {
      let row = item / heads
      let head = item % heads
      let key = block.projected + row * 3 * width + width + head * size
      kernels.attention.storeKeyValue(
        CacheKind.f32.rawValue, key, key + width, batch.cacheRows[row], size,
        cache.keys(layer: 0, head: head), cache.values(layer: 0, head: head))
    }
  }

  private func attend(_ block: GPT2Workspace.Block, _ worker: Worker) {
    batch.attend(
      worker, kernels, cache, headsPerKVHead: 1, queries: block.projected, stride: 3 * width,
      out: block.attended, outStride: width, scratch: workspace.thread(worker.index).attention)
  }
}
