import KernelInterface
import TensorKernels

/// The blocks of a processor over one chunk of tokens, as the program that every thread runs.
///
/// Per block, with x the residual stream `[N][D]`:
///   q, k, v = W rmsNorm(x) (+ bias);  rotate q, k;  cache k, v
///   x += Wo attention(q, cache) (+ bias)
///   x += Wd (silu(Wg rmsNorm(x)) * Wu rmsNorm(x))
/// Threads meet at a barrier after each step; nothing is allocated and no reference is counted.
struct ForwardPass {
  let configuration: ProcessorConfiguration
  let kernels: KernelTable
  let workspace: ProcessorWorkspace
  let cache: KeyValueCache

  /// The linear layers of one block, in the order they run.
  struct Block {
    let attentionNorm: UnsafePointer<Float>
    let projections: LinearGroup  // queries, keys, values
    let projectionBias: UnsafePointer<Float>?  // [A + 2 KV]
    let attentionOutput: LinearGroup
    let attentionOutputBias: UnsafePointer<Float>?  // [hidden]
    let feedForwardNorm: UnsafePointer<Float>
    let expansion: LinearGroup  // gate, up
    let down: LinearGroup
  }

  /// Position of the chunk's first token, and its number of tokens.
  let start: Int
  let rows: Int

  private var queryWidth: Int { configuration.headCount * configuration.headSize }
  private var projectedWidth: Int {
    queryWidth + 2 * configuration.kvHeadCount * configuration.headSize
  }

  /// The first row whose state after a block is wanted. Of the rows before it a block makes keys and
  /// values, and leaves the residual stream as it was: of the last block most rows want no more.
  private(set) var firstWanted = 0

  /// The pass of the last block: `first` may be the number of rows.
  func wanting(statesFrom first: Int) -> ForwardPass {
    var pass = self
    pass.firstWanted = first
    return pass
  }

  private var wantedRows: Int { rows - firstWanted }
  /// The residual stream of the wanted rows.
  private var residual: UnsafeMutablePointer<Float> {
    workspace.residual + firstWanted * configuration.hiddenSize
  }

  /// One block, with adapters where they are given, by one of the threads; all see its result after the
  /// last barrier.
  func run(_ block: Block, layer: Int, _ worker: Worker, adapted: AdaptedBlock? = nil) {
    attend(
      block.projections, norm: block.attentionNorm, bias: block.projectionBias, layer: layer,
      worker,
      adapted: adapted, outputBias: block.attentionOutputBias)
    guard wantedRows > 0 else { return }
    addAttention(block.attentionOutput, worker, adapted: adapted)
    expand(block.expansion, norm: block.feedForwardNorm, worker, adapted: adapted)
    addFeedForward(block.down, worker, adapted: adapted)
  }

  // The four steps of a block. Each reads what linear layers of its own have not touched, so that a
  // step's weights may be made after the steps before it have run.

  /// attended = attention(W rmsNorm(residual) + bias), the wanted rows from its beginning on. `outputBias` of the
  /// layer that comes next is added to the residual stream, which nobody reads meanwhile.
  func attend(
    _ projections: LinearGroup, norm: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    layer: Int, _ worker: Worker, adapted: AdaptedBlock? = nil,
    outputBias: UnsafePointer<Float>? = nil
  ) {
    let own = workspace.thread(worker.index)
    projections.apply(
      worker, kernels, shared: workspace.shared, own: own, x: workspace.residual,
      stride: configuration.hiddenSize, rows: rows,
      transform: .rmsNorm(weight: norm, epsilon: configuration.rmsNormEpsilon),
      out: workspace.projected, outStride: projectedWidth, accumulate: false)
    worker.barrier()
    adapted?.add(
      \.projections, rows: rows, of: workspace.residual, configuration.hiddenSize,
      columns: projections.columns, normed(norm), to: workspace.projected, projectedWidth, worker)
    configuration.rotateAndStore(
      worker, kernels, workspace.projected, rows: rows, bias: bias, cosines: workspace.cosines,
      sines: workspace.sines, cache: cache, layer: layer
    ) { start + $0 }
    worker.barrier()
    guard wantedRows > 0 else { return }
    attend(layer, worker, own)
    if let outputBias {
      for row in worker.each(wantedRows) {
        addBias(
          outputBias, configuration.hiddenSize, to: residual + row * configuration.hiddenSize)
      }
    }
    worker.barrier()
  }

  /// residual += Wo attended.
  func addAttention(
    _ attentionOutput: LinearGroup, _ worker: Worker, adapted: AdaptedBlock? = nil
  ) {
    attentionOutput.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index),
      x: workspace.attended, stride: queryWidth, rows: wantedRows, transform: .identity,
      out: residual, outStride: configuration.hiddenSize, accumulate: true)
    worker.barrier()
    adapted?.add(
      \.attentionOutput, rows: wantedRows, of: workspace.attended, queryWidth,
      columns: attentionOutput.columns, .identity, to: residual, configuration.hiddenSize, worker)
  }

  /// gated = W rmsNorm(residual), gate and up beside each other.
  func expand(
    _ expansion: LinearGroup, norm: UnsafePointer<Float>, _ worker: Worker,
    adapted: AdaptedBlock? = nil
  ) {
    expansion.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index),
      x: residual, stride: configuration.hiddenSize, rows: wantedRows,
      transform: .rmsNorm(weight: norm, epsilon: configuration.rmsNormEpsilon),
      out: workspace.gated, outStride: 2 * configuration.intermediateSize, accumulate: false)
    worker.barrier()
    adapted?.add(
      \.expansion, rows: wantedRows, of: residual, configuration.hiddenSize,
      columns: expansion.columns, normed(norm), to: workspace.gated,
      2 * configuration.intermediateSize, worker)
  }

  /// residual += Wd (silu(gate) * up).
  func addFeedForward(
    _ down: LinearGroup, _ worker: Worker, adapted: AdaptedBlock? = nil
  ) {
    down.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index),
      x: workspace.gated, stride: 2 * configuration.intermediateSize, rows: wantedRows,
      transform: .swiGLU, out: residual, outStride: configuration.hiddenSize,
      accumulate: true)
    worker.barrier()
    adapted?.add(
      \.down, rows: wantedRows, of: workspace.gated, 2 * configuration.intermediateSize,
      columns: down.columns, .swiGLU, to: residual, configuration.hiddenSize, worker)
  }

  private func normed(_ weight: UnsafePointer<Float>) -> InputTransform {
    .rmsNorm(weight: weight, epsilon: configuration.rmsNormEpsilon)
  }

  /// Query heads of one token that the kernels take together.
  private static let tile = 8
  /// Tokens of a chunk that they take together, so that a block of the cache is read once for all.
  private static let chunkTile = CacheLayout.mostQueries

  private func attend(_ layer: Int, _ worker: Worker, _ own: ThreadScratch) {
    let queries = workspace.projected + firstWanted * projectedWidth
    if wantedRows > 1 {
      attendChunk(queries, layer, worker, own)
    } else {
      attendToken(queries, layer, worker, own)
    }
  }

  /// A chunk: consecutive tokens of one head go together; tiles are dealt out in turn, because later
  /// ones see more.
  private func attendChunk(
    _ queries: UnsafePointer<Float>, _ layer: Int, _ worker: Worker, _ own: ThreadScratch
  ) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let group = configuration.headsPerKVHead
    let start = start + firstWanted
    let rows = wantedRows
    let tiles = (rows + ForwardPass.chunkTile - 1) / ForwardPass.chunkTile
    worker.deal(tiles * configuration.headCount) { item in
      let head = item % configuration.headCount
      let first = item / configuration.headCount * ForwardPass.chunkTile
      kernels.attend(
        cache.type.kind.rawValue,
        queries + first * projectedWidth + head * size, projectedWidth,
        min(ForwardPass.chunkTile, rows - first), start + first + 1, 1, size, scale,
        cache.keys(layer: layer, head: head / group),
        cache.values(layer: layer, head: head / group),
        workspace.attended + first * queryWidth + head * size, queryWidth, own.attention)
    }
  }

  /// One token: the query heads that share a kv head go together, so that its cache is read once, and
  /// a long cache is shared out by blocks of positions, whose results are then merged.
  private func attendToken(
    _ queries: UnsafePointer<Float>, _ layer: Int, _ worker: Worker, _ own: ThreadScratch
  ) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let group = configuration.headsPerKVHead
    let kind = cache.type.kind.rawValue
    let tilesPerHead = ForwardPass.tilesPerHead(configuration)
    let tiles = configuration.kvHeadCount * tilesPerHead
    let positions = start + firstWanted + 1
    let blocks = (positions - 1) / CacheLayout.softmaxBlock + 1
    let partialSize = CacheLayout.attentionPartial(size)
    for item in worker.each(tiles * blocks) {
      let tile = item / blocks
      let head = tile / tilesPerHead
      let first = tile % tilesPerHead * ForwardPass.tile
      let offset = (head * group + first) * size
      let columns = min(ForwardPass.tile, group - first)
      let keys = cache.keys(layer: layer, head: head)
      let values = cache.values(layer: layer, head: head)
      if blocks == 1 {
        kernels.attend(
          kind, queries + offset, size, columns, positions, 0, size, scale, keys,
          values,
          workspace.attended + offset, size, own.attention)
      } else {
        kernels.attendBlock(
          kind, queries + offset, size, columns, positions, 0, size, scale, keys,
          values,
          item % blocks, workspace.partials + item * partialSize, own.attention)
      }
    }
    guard blocks > 1 else { return }
    worker.barrier()
    for tile in worker.each(tiles) {
      let head = tile / tilesPerHead
      let first = tile % tilesPerHead * ForwardPass.tile
      let offset = (head * group + first) * size
      kernels.mergeAttention(
        workspace.partials + tile * blocks * partialSize, blocks,
        min(ForwardPass.tile, group - first), size, workspace.attended + offset, size)
    }
  }

  /// Tiles of query heads that share one kv head.
  private static func tilesPerHead(_ configuration: ProcessorConfiguration) -> Int {
    (configuration.headsPerKVHead + tile - 1) / tile
  }

  /// Floats for the partial results of one token over a full context.
  static func partialCount(_ configuration: ProcessorConfiguration, contextLength: Int) -> Int {
    let blocks = (contextLength + CacheLayout.softmaxBlock - 1) / CacheLayout.softmaxBlock
    guard blocks > 1 else { return 0 }
    return configuration.kvHeadCount * tilesPerHead(configuration) * blocks
      * CacheLayout.attentionPartial(configuration.headSize)
  }
}
