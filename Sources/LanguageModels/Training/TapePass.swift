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
  let positions: UnsafePointer<Int>
  let cacheRows: UnsafePointer<Int>
  let queryTiles: UnsafeBufferPointer<BatchLayout.QueryTile>
  let rows: Int

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
    rotateAndStore(values, worker)
    copy(input, to: values.middle, worker)
    worker.barrier()
    attend(values, worker)
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
    guard !adapters.isEmpty else { return }
    readInput(group.columns, x, stride, transform, worker)
    for adapter in adapters {
      shrink(adapter, group.columns, worker)
      applyExactly(
        adapter.up, to: memory.adapterMiddle, adapter.down.rows, out: out + adapter.column,
        outStride, accumulate: true, worker)
    }
  }

  private func copy(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ worker: Worker
  ) {
    let own = worker.share(of: rows)
    (target + own.lowerBound * hidden).update(
      from: source + own.lowerBound * hidden, count: own.count * hidden)
  }

  /// (row, kv head) pairs, each with the query heads it serves, are shared out.
  private func rotateAndStore(_ values: TapeMemory.Block, _ worker: Worker) {
    let size = configuration.headSize
    let rotated = configuration.rotatedSize
    let heads = configuration.kvHeadCount
    let group = configuration.headsPerKVHead
    for item in worker.share(of: rows * heads) {
      let row = item / heads
      let head = item % heads
      let projected = values.projected + row * projectedWidth
      let cosines = memory.cosines + row * (rotated / 2)
      let sines = memory.sines + row * (rotated / 2)
      kernels.rotatePairs(projected + head * group * size, group, size, rotated, cosines, sines)
      let key = projected + queryWidth + head * size
      kernels.rotatePairs(key, 1, size, rotated, cosines, sines)
      kernels.storeKeyValue(
        CacheKind.f32.rawValue, key, key + keyWidth, cacheRows[row], size,
        cache.keys(layer: 0, head: head), cache.values(layer: 0, head: head))
    }
  }

  /// Tiles of queries are dealt out in turn, because later ones see more.
  private func attend(_ values: TapeMemory.Block, _ worker: Worker) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let group = configuration.headsPerKVHead
    let scratch = memory.thread(worker.index).attention
    var item = worker.index
    while item < queryTiles.count * configuration.headCount {
      let head = item % configuration.headCount
      let tile = queryTiles[item / configuration.headCount]
      let firstPosition = positions[tile.firstRow]
      // The keys and values of this sequence, from its first position on.
      let start = cacheRows[tile.firstRow] - firstPosition
      kernels.attend(
        CacheKind.f32.rawValue,
        values.projected + tile.firstRow * projectedWidth + head * size, projectedWidth,
        tile.count, firstPosition + 1, 1, size, scale,
        cache.keys(layer: 0, head: head / group)
          + start / CacheLayout.tilePositions * CacheLayout.keyTileBytes(.f32, size),
        cache.values(layer: 0, head: head / group) + start * CacheLayout.valueBytes(.f32, size),
        values.attended + tile.firstRow * queryWidth + head * size, queryWidth, scratch)
      item += worker.count
    }
  }

  // MARK: Adapters

  /// adapterInput = transform(x), what the layers of a step read.
  func readInput(
    _ columns: Int, _ x: UnsafePointer<Float>, _ stride: Int, _ transform: InputTransform,
    _ worker: Worker
  ) {
    for row in worker.share(of: rows) {
      let source = x + row * stride
      let target = memory.adapterInput + row * columns
      switch transform {
      case .rmsNorm(let weight, let epsilon):
        kernels.rmsNorm(source, weight, epsilon, columns, target)
      case .swiGLU: kernels.swiGLU(source, source + columns, columns, target)
      case .identity: target.update(from: source, count: columns)
      case .gelu, .layerNorm: preconditionFailure("no part of a processor")
      }
    }
    worker.barrier()
  }

  /// adapterMiddle = (alpha / r) A adapterInput.
  func shrink(_ adapter: AdapterView, _ columns: Int, _ worker: Worker) {
    let rank = adapter.down.rows
    applyExactly(
      adapter.down, to: memory.adapterInput, columns, out: memory.adapterMiddle, rank,
      accumulate: false, worker)
    let own = worker.share(of: rows * rank)
    for i in own { memory.adapterMiddle[i] *= adapter.scale }
    worker.barrier()
  }

  /// out (+)= W x for a plain matrix.
  private func applyExactly(
    _ matrix: MatrixView, to x: UnsafePointer<Float>, _ stride: Int,
    out: UnsafeMutablePointer<Float>, _ outStride: Int, accumulate: Bool, _ worker: Worker
  ) {
    let tileRows = rows == 1 ? 1 : ActivationTiles.tileRows
    for tile in worker.share(of: (rows + tileRows - 1) / tileRows) {
      memory.shared.fill(
        kernels, layout: .f32, tile: tile, tileRows: tileRows, x: x + tile * tileRows * stride,
        stride: stride, validRows: min(tileRows, rows - tile * tileRows), columns: matrix.columns)
    }
    worker.barrier()
    matrix.apply(
      worker, kernels, memory.shared, count: rows, layout: .f32, out: out, stride: outStride,
      accumulate: accumulate, scratch: memory.thread(worker.index).panel)
    worker.barrier()
  }
}
