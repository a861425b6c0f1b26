import KernelInterface
import TensorKernels

/// The blocks of a GPT-2 over a batch of sequences, as the program that every thread runs.
///
/// Per block, with x the residual stream `[N][D]`:
///   q, k, v = W layerNorm(x) + b
///   x += Wo attention(q, k, v) + bo      causal, within each sequence
///   x += Wd gelu(Wu layerNorm(x) + bu) + bd
/// A linear layer adds to rows that hold its bias (and the stream) already. Threads meet at a barrier
/// after each step; nothing is allocated.
struct GPT2ForwardPass {
  let configuration: GPT2Configuration
  let kernels: KernelTable
  let workspace: GPT2Workspace
  let cache: KeyValueCache
  /// Tokens, `[N]`, and their positions in their sequences.
  let tokens: UnsafePointer<Int>
  let positions: UnsafePointer<Int>
  /// Where each row's keys and values are in the cache: sequences begin at whole tiles.
  let cacheRows: UnsafePointer<Int>
  /// Consecutive queries of one sequence that go together.
  let queryTiles: UnsafeBufferPointer<QueryTile>
  /// Tokens of the batch.
  let rows: Int

  /// Up to eight rows of one sequence.
  struct QueryTile {
    let firstRow: Int
    let count: Int
  }

  /// The parameters of one block.
  struct Block {
    let attentionNorm: Norm
    let projections: Linear
    let attentionOutput: Linear
    let feedForwardNorm: Norm
    let expansion: Linear
    let contraction: Linear
  }

  struct Norm {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>
  }

  struct Linear {
    let weight: LinearGroup
    let bias: UnsafePointer<Float>
  }

  private var width: Int { configuration.width }

  /// state[0][n] = wte[token] + wpe[position].
  func embed(
    _ tokenTable: UnsafePointer<Float>, _ positionTable: UnsafePointer<Float>, _ worker: Worker
  ) {
    for row in worker.share(of: rows) {
      add(
        tokenTable + tokens[row] * width, positionTable + positions[row] * width,
        workspace.state(0) + row * width)
    }
    worker.barrier()
  }

  /// Block `index`, from its state to the next one.
  func run(_ block: Block, index: Int, _ worker: Worker) {
    let input = workspace.state(index)
    let output = workspace.state(index + 1)
    let own = workspace.block(index)
    for row in worker.share(of: rows) {
      (own.projected + row * 3 * width).update(from: block.projections.bias, count: 3 * width)
      (own.expanded + row * configuration.innerWidth).update(
        from: block.expansion.bias, count: configuration.innerWidth)
      add(input + row * width, block.attentionOutput.bias, own.middle + row * width)
    }
    worker.barrier()
    apply(
      block.projections, to: input, width, block.attentionNorm, out: own.projected, 3 * width,
      worker)
    storeKeysAndValues(own, worker)
    worker.barrier()
    attend(own, worker)
    worker.barrier()
    apply(block.attentionOutput, to: own.attended, width, nil, out: own.middle, width, worker)
    for row in worker.share(of: rows) {
      add(own.middle + row * width, block.contraction.bias, output + row * width)
    }
    apply(
      block.expansion, to: own.middle, width, block.feedForwardNorm, out: own.expanded,
      configuration.innerWidth, worker)
    block.contraction.weight.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index),
      x: own.expanded, stride: configuration.innerWidth, rows: rows, transform: .gelu,
      out: output, outStride: width, accumulate: true)
    worker.barrier()
  }

  /// final = layerNorm(state[M]).
  func normalize(_ norm: Norm, _ worker: Worker) {
    for row in worker.share(of: rows) {
      kernels.layerNorm(
        workspace.state(configuration.blockCount) + row * width, norm.weight, norm.bias,
        configuration.layerNormEpsilon, width, workspace.finalState + row * width)
    }
    worker.barrier()
  }

  /// out += W x, or W layerNorm(x).
  private func apply(
    _ linear: Linear, to x: UnsafePointer<Float>, _ stride: Int, _ norm: Norm?,
    out: UnsafeMutablePointer<Float>, _ outStride: Int, _ worker: Worker
  ) {
    let transform: InputTransform =
      norm.map {
        .layerNorm(weight: $0.weight, bias: $0.bias, epsilon: configuration.layerNormEpsilon)
      } ?? .identity
    linear.weight.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index), x: x,
      stride: stride, rows: rows, transform: transform, out: out, outStride: outStride,
      accumulate: true)
    worker.barrier()
  }

  /// (row, head) pairs are shared out.
  private func storeKeysAndValues(_ block: GPT2Workspace.Block, _ worker: Worker) {
    let size = configuration.headSize
    let heads = configuration.headCount
    for item in worker.share(of: rows * heads) {
      let row = item / heads
      let head = item % heads
      let key = block.projected + row * 3 * width + width + head * size
      kernels.storeKeyValue(
        CacheKind.f32.rawValue, key, key + width, cacheRows[row], size,
        cache.keys(layer: 0, head: head), cache.values(layer: 0, head: head))
    }
  }

  /// Tiles of queries are dealt out in turn, because later ones see more.
  private func attend(_ block: GPT2Workspace.Block, _ worker: Worker) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let scratch = workspace.thread(worker.index).attention
    var item = worker.index
    while item < queryTiles.count * configuration.headCount {
      let head = item % configuration.headCount
      let tile = queryTiles[item / configuration.headCount]
      let firstPosition = positions[tile.firstRow]
      // The keys and values of this sequence, from its first position on.
      let start = cacheRows[tile.firstRow] - firstPosition
      kernels.attend(
        CacheKind.f32.rawValue, block.projected + tile.firstRow * 3 * width + head * size,
        3 * width, tile.count, firstPosition + 1, 1, size, scale,
        cache.keys(layer: 0, head: head)
          + start / CacheLayout.tilePositions * CacheLayout.keyTileBytes(.f32, size),
        cache.values(layer: 0, head: head) + start * CacheLayout.valueBytes(.f32, size),
        block.attended + tile.firstRow * width + head * size, width, scratch)
      item += worker.count
    }
  }

  private func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<width { out[i] = a[i] + b[i] }
  }
}
