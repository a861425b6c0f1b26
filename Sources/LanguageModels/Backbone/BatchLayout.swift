import KernelInterface
import TensorKernels

/// A batch laid out for the threads of a pass: tokens and positions of the rows, where their keys and
/// values lie in a cache of one layer, and which queries go together. Plain pointers, valid while the
/// layout lives.
final class BatchLayout {
  /// Consecutive rows of one sequence.
  struct QueryTile {
    let firstRow: Int
    let count: Int
  }

  let tokens: UnsafeMutablePointer<Int>  // [N]
  /// Of the rows in their sequences.
  let positions: UnsafeMutablePointer<Int>  // [N]
  /// Sequences begin at whole tiles of keys.
  let cacheRows: UnsafeMutablePointer<Int>  // [N]
  let boundaries: UnsafeMutablePointer<Int>  // [sequences + 1]
  private(set) var queryTiles: UnsafeBufferPointer<QueryTile>
  let byteCount: Int

  private let storage: PageBuffer
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
    tiles = UnsafeMutableRawPointer(boundaries + sequences + 1)
      .assumingMemoryBound(to: QueryTile.self)
    queryTiles = UnsafeBufferPointer(start: tiles, count: 0)
  }

  /// Bytes of such a layout, without making it.
  static func byteCount(rows: Int, sequences: Int, queriesPerTile: Int) -> Int {
    (3 * rows + sequences + 1) * MemoryLayout<Int>.stride
      + (rows / queriesPerTile + sequences) * MemoryLayout<QueryTile>.stride
  }

  /// Positions that a cache needs for such batches: each sequence's last tile may be all but empty.
  static func cacheCapacity(rows: Int, sequences: Int) -> Int {
    rows + sequences * (CacheLayout.tilePositions - 1)
  }

  /// Lays `batch` out, which must fit.
  func set(_ batch: TokenBatch) {
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
    queryTiles = UnsafeBufferPointer(start: tiles, count: tileCount)
  }
}
