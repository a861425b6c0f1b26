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
    /// First rows of the batch that the other sequences begin with, too.
    let sharedCount: Int
    let queryTiles: UnsafeBufferPointer<QueryTile>
    let rows: Int
    let sequenceCount: Int
    /// The rows that adapters act on, ascending; nil for all of them.
    let adapted: UnsafeBufferPointer<Int>?
    /// The rows of which the last block makes more than keys and values, ascending; nil for all of them. They lie
    /// together behind its attention.
    let wanted: UnsafeBufferPointer<Int>?
    /// Where each wanted row lies among them; of others nothing is said.
    let places: UnsafePointer<Int>  // [N]

    /// Where the output of row `row` of the last block lies.
    func place(of row: Int) -> Int {
      guard let wanted else { return row }
      let place = places[row]
      precondition(
        place < wanted.count && wanted[place] == row, "the last block was not asked for this row")
      return place
    }
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
  private let wanted: UnsafeMutablePointer<Int>
  private let places: UnsafeMutablePointer<Int>
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
    wanted = adapted + rows
    places = wanted + rows
    tiles = UnsafeMutableRawPointer(places + rows)
      .assumingMemoryBound(to: QueryTile.self)
    view = View(
      tokens: tokens, positions: positions, cacheRows: cacheRows, boundaries: boundaries,
      sharedCount: 0, queryTiles: UnsafeBufferPointer(start: tiles, count: 0), rows: 0,
      sequenceCount: 0, adapted: nil, wanted: nil, places: places)
  }

  /// Bytes of such a layout, without making it.
  static func byteCount(rows: Int, sequences: Int, queriesPerTile: Int) -> Int {
    (6 * rows + sequences + 1) * MemoryLayout<Int>.stride
      + (rows / queriesPerTile + sequences) * MemoryLayout<QueryTile>.stride
  }

  /// Positions that a cache needs for such batches: each sequence's last tile may be all but empty.
  static func cacheCapacity(rows: Int, sequences: Int) -> Int {
    rows + sequences * (CacheLayout.tilePositions - 1)
  }

  /// Lays `batch` out, which must fit. Adapters act on the first `prefixes` tokens of its sequences, or on
  /// all tokens where that is nil; on those that sequences share of all of them or of none. Where they act `behind` these
  /// tokens, it is on all others.
  /// `rows` are those of which outputs are wanted, nil for all; where adapters act on one of them, outputs are made of
  /// all.
  func set(
    _ batch: TokenBatch, adapting prefixes: [Int]? = nil, behind: Bool = false,
    scoring rows: [Int]? = nil
  ) {
    var adaptedCount = 0
    if let prefixes {
      precondition(prefixes.count == batch.sequenceCount)
      let shared = batch.sharedCount
      precondition(
        prefixes.allSatisfy { $0 >= shared } || prefixes.allSatisfy { $0 == 0 },
        "some sequences' adapters act on shared tokens, and others' do not")
      for (sequence, count) in prefixes.enumerated() {
        let rows = batch.rows(of: sequence)
        let own = sequence == 0 ? count : max(0, count - shared)
        for row in behind ? rows.dropFirst(own) : rows.prefix(own) {
          adapted[adaptedCount] = row
          adaptedCount += 1
        }
      }
    }
    var tileCount = 0
    var cacheStart = 0
    for sequence in 0..<batch.sequenceCount {
      let rows = batch.rows(of: sequence)
      let ahead = sequence == 0 ? 0 : batch.sharedCount
      boundaries[sequence] = rows.lowerBound
      boundaries[sequence + 1] = rows.upperBound
      for row in rows {
        tokens[row] = batch.tokens[row]
        positions[row] = ahead + row - rows.lowerBound
        cacheRows[row] = cacheStart + positions[row]
      }
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: queriesPerTile) {
        tiles[tileCount] = QueryTile(
          firstRow: first, count: min(queriesPerTile, rows.upperBound - first))
        tileCount += 1
      }
      let tileSize = CacheLayout.tilePositions
      cacheStart += (ahead + rows.count + tileSize - 1) / tileSize * tileSize
    }
    let wantedCount = rows.map { setWanted($0, of: batch, prefixes.map { _ in adaptedCount }) } ?? 0
    view = View(
      tokens: tokens, positions: positions, cacheRows: cacheRows, boundaries: boundaries,
      sharedCount: batch.sharedCount,
      queryTiles: UnsafeBufferPointer(start: tiles, count: tileCount), rows: batch.rowCount,
      sequenceCount: batch.sequenceCount,
      adapted: prefixes.map { _ in UnsafeBufferPointer(start: adapted, count: adaptedCount) },
      wanted: wantedCount == 0 ? nil : UnsafeBufferPointer(start: wanted, count: wantedCount),
      places: places)
  }

  /// The number of wanted rows; 0 where all are to be made. `adaptedCount` is nil where adapters act on all rows.
  private func setWanted(_ rows: [Int], of batch: TokenBatch, _ adaptedCount: Int?) -> Int {
    guard let adaptedCount else { return 0 }
    for row in 0..<batch.rowCount { places[row] = 0 }
    for row in rows { places[row] = 1 }
    for i in 0..<adaptedCount where places[adapted[i]] == 1 { return 0 }
    var count = 0
    for row in 0..<batch.rowCount where places[row] == 1 {
      wanted[count] = row
      places[row] = count
      count += 1
    }
    return count
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
