import KernelInterface
import TensorKernels

/// The blocks of a processor over the rows of one pass, as the program that every thread runs. Rows are
/// tokens of one sequence or of several: linear layers see one matrix of them all, rotation and attention go by
/// segment.
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

  /// Consecutive tokens of one sequence.
  struct Segment {
    let cache: KeyValueView
    /// Position of its first token.
    let start: Int
    /// Its first row in the pass.
    let firstRow: Int
    let rows: Int
    /// Of its last rows, so many have states that are wanted after the block. Of those before them a block
    /// makes keys and values alone: of the last block most rows want no more.
    let wanted: Int
    /// The first of these among all that are wanted.
    let firstWanted: Int
  }

  /// In the order of their rows, which follow each other.
  let segments: UnsafeBufferPointer<Segment>
  /// Rows of all segments.
  let rows: Int
  /// Those of which states are wanted: they lie at the beginning of the residual stream after the block.
  let wantedRows: Int
  /// Segments of one wanted row, and whether there are longer ones.
  private let singles: Int
  private let hasLonger: Bool
  /// Parts that the attention of single rows is shared out in: by tile of heads and block of positions, or
  /// by tile alone where the parts of all of them have no room.
  private let parts: Int
  private let splitsPositions: Bool

  private var queryWidth: Int { configuration.headCount * configuration.headSize }
  private var projectedWidth: Int {
    queryWidth + 2 * configuration.kvHeadCount * configuration.headSize
  }
  private var residual: UnsafeMutablePointer<Float> { workspace.residual }

  /// The pass over `segments`, of which there is one at least.
  init(
    configuration: ProcessorConfiguration, kernels: KernelTable, workspace: ProcessorWorkspace,
    segments: UnsafeBufferPointer<Segment>
  ) {
    self.configuration = configuration
    self.kernels = kernels
    self.workspace = workspace
    self.segments = segments
    let last = segments[segments.count - 1]
    rows = last.firstRow + last.rows
    wantedRows = last.firstWanted + last.wanted
    let tiles = configuration.kvHeadCount * ForwardPass.tilesPerHead(configuration)
    var singles = 0
    var blocks = 0
    var hasLonger = false
    for segment in segments {
      if segment.wanted == 1 {
        singles += 1
        blocks += segment.positionBlocks
      } else if segment.wanted > 1 {
        hasLonger = true
      }
    }
    self.singles = singles
    self.hasLonger = hasLonger
    splitsPositions = blocks * tiles <= workspace.partialCapacity
    parts = tiles * (splitsPositions ? blocks : singles)
  }

  /// One block, with adapters and edits of values where they are given, by one of the threads; all see its result after
  /// the last barrier.
  func run(
    _ block: Block, layer: Int, _ worker: Worker, adapted: AdaptedBlock? = nil,
    values: FirstTokenValues? = nil
  ) {
    attend(
      block.projections, norm: block.attentionNorm, bias: block.projectionBias, layer: layer,
      worker,
      adapted: adapted, outputBias: block.attentionOutputBias, values: values)
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
    outputBias: UnsafePointer<Float>? = nil, values: FirstTokenValues? = nil
  ) {
    let own = workspace.thread(worker.index)
    projections.apply(
      worker, kernels, shared: workspace.shared, own: own, x: workspace.residual,
      stride: configuration.hiddenSize, rows: rows,
      transform: .rmsNorm(weight: norm, epsilon: configuration.rmsNormEpsilon),
      out: workspace.projected, outStride: projectedWidth, accumulate: false,
      adapted: adapted?.term(\.projections))
    worker.barrier()
    let segments = segments
    configuration.rotateAndStore(
      worker, kernels, workspace.projected, rows: rows, bias: bias, cosines: workspace.cosines,
      sines: workspace.sines, layer: layer
    ) { row in
      var index = 0
      while row >= segments[index].firstRow + segments[index].rows { index += 1 }
      return (segments[index].cache, segments[index].start + row - segments[index].firstRow)
    }
    worker.barrier()
    let isEdited = values?.visits(layer) == true
    if isEdited {
      worker.onCaller { values?.edit(self, block: layer) }
      worker.barrier()
    }
    guard wantedRows > 0 else { return }
    // Nobody reads the residual stream until the attention is added to it.
    if wantedRows < rows { worker.onCaller { gatherWanted() } }
    if hasLonger { attendLonger(layer, worker, own) }
    if singles > 0 { attendSingles(layer, worker, own) }
    if isEdited {
      worker.barrier()
      worker.onCaller { values?.restore(self, block: layer) }
    }
    guard let outputBias else { return worker.barrier() }
    // The rows are where they belong only when all have passed.
    worker.barrier()
    for row in worker.each(wantedRows) {
      addBias(
        outputBias, configuration.hiddenSize, to: residual + row * configuration.hiddenSize)
    }
    worker.barrier()
  }

  /// Puts the states of the wanted rows to the beginning of the residual stream.
  func gatherWanted() {
    let width = configuration.hiddenSize
    for segment in segments where segment.wanted > 0 {
      let source = segment.firstRow + segment.rows - segment.wanted
      guard source != segment.firstWanted else { continue }
      // The rows before have moved on already, and these may overlap where they go.
      (residual + segment.firstWanted * width).update(
        from: residual + source * width, count: segment.wanted * width)
    }
  }

  /// residual += Wo attended.
  func addAttention(
    _ attentionOutput: LinearGroup, _ worker: Worker, adapted: AdaptedBlock? = nil
  ) {
    attentionOutput.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index),
      x: workspace.attended, stride: queryWidth, rows: wantedRows, transform: .identity,
      out: residual, outStride: configuration.hiddenSize, accumulate: true,
      adapted: adapted?.term(\.attentionOutput))
    worker.barrier()
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
      out: workspace.gated, outStride: 2 * configuration.intermediateSize, accumulate: false,
      adapted: adapted?.term(\.expansion))
    worker.barrier()
  }

  /// residual += Wd (silu(gate) * up).
  func addFeedForward(
    _ down: LinearGroup, _ worker: Worker, adapted: AdaptedBlock? = nil
  ) {
    down.apply(
      worker, kernels, shared: workspace.shared, own: workspace.thread(worker.index),
      x: workspace.gated, stride: 2 * configuration.intermediateSize, rows: wantedRows,
      transform: .swiGLU, out: residual, outStride: configuration.hiddenSize,
      accumulate: true, adapted: adapted?.term(\.down))
    worker.barrier()
  }

  /// Query heads of one token that the kernels take together.
  private static let tile = 8
  /// Tokens of a chunk that they take together, so that a block of the cache is read once for all.
  fileprivate static let chunkTile = CacheLayout.mostQueries

  /// The queries of a segment's first wanted row.
  private func queries(_ segment: Segment) -> UnsafePointer<Float> {
    UnsafePointer(
      workspace.projected
        + (segment.firstRow + segment.rows - segment.wanted) * projectedWidth)
  }

  /// Segments of several rows: consecutive tokens of one head go together; tiles are dealt out in turn,
  /// because later ones see more.
  private func attendLonger(_ layer: Int, _ worker: Worker, _ own: ThreadScratch) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    let group = configuration.headsPerKVHead
    let heads = configuration.headCount
    let total = segments.reduce(0) { $0 + ($1.wanted > 1 ? $1.chunkTiles : 0) }
    worker.deal(total * heads) { item in
      let head = item % heads
      var tile = item / heads
      var index = 0
      while true {
        let count = segments[index].wanted > 1 ? segments[index].chunkTiles : 0
        if tile < count { break }
        tile -= count
        index += 1
      }
      let segment = segments[index]
      let first = tile * ForwardPass.chunkTile
      kernels.attention.attend(
        segment.cache.kind, queries(segment) + first * projectedWidth + head * size,
        projectedWidth, min(ForwardPass.chunkTile, segment.wanted - first),
        segment.wantedStart + first + 1, 1, size, scale,
        segment.cache.keys(layer: layer, head: head / group),
        segment.cache.values(layer: layer, head: head / group),
        workspace.attended + (segment.firstWanted + first) * queryWidth + head * size, queryWidth,
        own.attention)
    }
  }

  /// Segments of one row: the query heads that share a kv head go together, so that its cache is read once,
  /// and a long cache is shared out by blocks of positions, whose results are then merged.
  private func attendSingles(_ layer: Int, _ worker: Worker, _ own: ThreadScratch) {
    if singles == 1 {
      for part in worker.each(parts) { attendSingle(part, layer, own) }
    } else {
      // Of different lengths.
      worker.deal(parts) { attendSingle($0, layer, own) }
    }
    guard splitsPositions, parts > singles * tiles else { return }
    worker.barrier()
    let size = configuration.headSize
    for item in worker.each(singles * tiles) {
      var (index, first, before) = (0, 0, item / tiles)
      while segments[index].wanted != 1 || before > 0 {
        if segments[index].wanted == 1 {
          before -= 1
          first += tiles * segments[index].positionBlocks
        }
        index += 1
      }
      let segment = segments[index]
      let blocks = segment.positionBlocks
      guard blocks > 1 else { continue }
      let tile = item % tiles
      let place = place(ofTile: tile)
      kernels.attention.mergeAttention(
        workspace.partials + (first + tile * blocks) * CacheLayout.attentionPartial(size), blocks,
        place.heads, size,
        workspace.attended + segment.firstWanted * queryWidth + place.offset, size)
    }
  }

  private func attendSingle(_ part: Int, _ layer: Int, _ own: ThreadScratch) {
    let size = configuration.headSize
    let scale = 1 / Float(size).squareRoot()
    var item = part
    var index = 0
    while true {
      if segments[index].wanted == 1 {
        let count = tiles * (splitsPositions ? segments[index].positionBlocks : 1)
        if item < count { break }
        item -= count
      }
      index += 1
    }
    let segment = segments[index]
    let blocks = splitsPositions ? segment.positionBlocks : 1
    let place = place(ofTile: item / blocks)
    let queries = queries(segment) + place.offset
    let positions = segment.wantedStart + 1
    let keys = segment.cache.keys(layer: layer, head: place.kvHead)
    let values = segment.cache.values(layer: layer, head: place.kvHead)
    if blocks == 1 {
      kernels.attention.attend(
        segment.cache.kind, queries, size, place.heads, positions, 0, size, scale, keys, values,
        workspace.attended + segment.firstWanted * queryWidth + place.offset, size, own.attention)
    } else {
      kernels.attention.attendBlock(
        segment.cache.kind, queries, size, place.heads, positions, 0, size, scale, keys, values,
        item % blocks, workspace.partials + part * CacheLayout.attentionPartial(size),
        own.attention)
    }
  }

  /// Tiles of query heads of one row.
  private var tiles: Int {
    configuration.kvHeadCount * ForwardPass.tilesPerHead(configuration)
  }

  /// The kv head of a tile, where its query heads begin in a row, and how many there are.
  private func place(ofTile tile: Int) -> (kvHead: Int, offset: Int, heads: Int) {
    let perHead = ForwardPass.tilesPerHead(configuration)
    let group = configuration.headsPerKVHead
    let head = tile / perHead
    let first = tile % perHead * ForwardPass.tile
    return (
      head, (head * group + first) * configuration.headSize, min(ForwardPass.tile, group - first)
    )
  }

  /// Tiles of query heads that share one kv head.
  private static func tilesPerHead(_ configuration: ProcessorConfiguration) -> Int {
    (configuration.headsPerKVHead + tile - 1) / tile
  }

  /// Partial results of one token over a full context.
  static func partialCount(_ configuration: ProcessorConfiguration, contextLength: Int) -> Int {
    let blocks = (contextLength + CacheLayout.softmaxBlock - 1) / CacheLayout.softmaxBlock
    guard blocks > 1 else { return 0 }
    return configuration.kvHeadCount * tilesPerHead(configuration) * blocks
  }
}

extension ForwardPass.Segment {
  /// Position of the first wanted row.
  fileprivate var wantedStart: Int { start + rows - wanted }
  /// Tiles of wanted rows that the kernels take together.
  fileprivate var chunkTiles: Int { (wanted - 1) / ForwardPass.chunkTile + 1 }
  /// Blocks of positions that a single wanted row sees.
  fileprivate var positionBlocks: Int { wantedStart / CacheLayout.softmaxBlock + 1 }
}
