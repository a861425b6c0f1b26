import KernelInterface
import TensorKernels

/// A batch laid out for the threads of a pass: tokens and positions of the rows, where their keys and
/// values lie in a cache of one layer, and which queries go together.
final class BatchLayout {
  /// Consecutive rows of one sequence.
  struct QueryTile {
    let firstRow: Int
    let count: Int
  }

  /// The layout as plain pointers, so that threads count no references; valid while the owner lives
  /// and until the next batch is laid out.
  struct View {
    let tokens: UnsafePointer<Int>  // [N]
    /// Of the rows in their sequences.
    let positions: UnsafePointer<Int>  // [N]
    /// Sequences begin at whole tiles of keys.
    let cacheRows: UnsafePointer<Int>  // [N]
    let boundaries: UnsafePointer<Int>  // [sequences + 1]
    let queryTiles: UnsafeBufferPointer<QueryTile>
    let rows: Int
    let sequenceCount: Int
    /// The rows that adapters act on, ascending; nil for all of them.
    let adapted: UnsafeBufferPointer<Int>?
  }

  /// The batch that was laid out last.
  private(set) var view: View
  let byteCount: Int

  private let storage: PageBuffer
  private let tokens: UnsafeMutablePointer<Int>
  private let positions: UnsafeMutablePointer<Int>
  private let cacheRows: UnsafeMutablePointer<Int>
  private let boundaries: UnsafeMutablePointer<Int>
  private let adapted: UnsafeMutablePointer<Int>
  private let tiles: UnsafeMutablePointer<QueryTile>
  private let queriesPerTile: Int

  /// Room for so many rows and sequences; the kernels take `queriesPerTile` queries together.
  init(rows: Int, sequences: Int, queriesPerTile: Int) throws(KernelError) {
    byteCount = BatchLayout.byteCount(
      rows: rows, sequences: sequences, queriesPerTile: queriesPerTile)
    storage = try PageBuffer(byteCount: byteCount)
    self.queriesPerTile = queriesPerTile
    tokens = storage.elements()
    positions = tokens + rows
    cacheRows = positions + rows
    boundaries = cacheRows + rows
    adapted = boundaries + sequences + 1
    tiles = UnsafeMutableRawPointer(adapted + rows)
      .assumingMemoryBound(to: QueryTile.self)
    view = View(
      tokens: tokens, positions: positions, cacheRows: cacheRows, boundaries: boundaries,
      queryTiles: UnsafeBufferPointer(start: tiles, count: 0), rows: 0, sequenceCount: 0,
      adapted: nil)
  }

  /// Bytes of such a layout, without making it.
  static func byteCount(rows: Int, sequences: Int, queriesPerTile: Int) -> Int {
    (4 * rows + sequences + 1) * MemoryLayout<Int>.stride
      + (rows / queriesPerTile + sequences) * MemoryLayout<QueryTile>.stride
  }

  /// Positions that a cache needs for such batches: each sequence's last tile may be all but empty.
  static func cacheCapacity(rows: Int, sequences: Int) -> Int {
    rows + sequences * (CacheLayout.tilePositions - 1)
  }

  /// Lays `batch` out, which must fit. Adapters act on the first `prefixes` tokens of its sequences, or on
  /// all tokens where that is nil.
  func set(_ batch: TokenBatch, adapting prefixes: [Int]? = nil) {
    var adaptedCount = 0
    if let prefixes {
      precondition(prefixes.count == batch.sequenceCount)
      for (sequence, count) in prefixes.enumerated() {
        for row in batch.rows(of: sequence).prefix(count) {
          adapted[adaptedCount] = row
          adaptedCount += 1
        }
      }
    }
    var tileCount = 0
    var cacheStart = 0
    for sequence in 0..<batch.sequenceCount {
      let rows = batch.rows(of: sequence)
      boundaries[sequence] = rows.lowerBound
      boundaries[sequence + 1] = rows.upperBound
      for row in rows {
        tokens[row] = batch.tokens[row]
        positions[row] = row - rows.lowerBound
        cacheRows[row] = cacheStart + row - rows.lowerBound
      }
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: queriesPerTile) {
        tiles[tileCount] = QueryTile(
          firstRow: first, count: min(queriesPerTile, rows.upperBound - first))
        tileCount += 1
      }
      let tileSize = CacheLayout.tilePositions
      cacheStart += (rows.count + tileSize - 1) / tileSize * tileSize
    }
    view = View(
      tokens: tokens, positions: positions, cacheRows: cacheRows, boundaries: boundaries,
      queryTiles: UnsafeBufferPointer(start: tiles, count: tileCount), rows: batch.rowCount,
      sequenceCount: batch.sequenceCount,
      adapted: prefixes.map { _ in UnsafeBufferPointer(start: adapted, count: adaptedCount) })
  }
}

extension BatchLayout.View {
  /// Causal attention of every row over its own sequence, whose keys and values are in `cache`, of f32
  /// and one layer; by every thread of a run. `queries` and `out` are `[rows][heads * headSize]`, their
  /// rows `stride` and `outStride` apart; `headsPerKVHead` query heads share a kv head. Tiles of queries
  /// are dealt out in turn, because later ones see more.
  func attend(
    _ worker: Worker, _ kernels: KernelTable, _ cache: KeyValueCache, headsPerKVHead: Int,
    queries: UnsafePointer<Float>, stride: Int, out: UnsafeMutablePointer<Float>, outStride: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let size = cache.headSize
    let heads = cache.kvHeads * headsPerKVHead
    let scale = 1 / Float(size).squareRoot()
    worker.deal(queryTiles.count * heads) { item in
      let head = item % heads
      let tile = queryTiles[item / heads]
      let firstPosition = positions[tile.firstRow]
      // The keys and values of this sequence, from its first position on.
      let start = cacheRows[tile.firstRow] - firstPosition
      kernels.attention.attend(
        CacheKind.f32.rawValue, queries + tile.firstRow * stride + head * size, stride, tile.count,
        firstPosition + 1, 1, size, scale,
        cache.keys(layer: 0, head: head / headsPerKVHead)
          + start / CacheLayout.tilePositions * CacheLayout.keyTileBytes(.f32, size),
        cache.values(layer: 0, head: head / headsPerKVHead)
          + start * CacheLayout.valueBytes(.f32, size),
        out + tile.firstRow * outStride + head * size, outStride, scratch)
    }
  }
}
