import KernelInterface

/// Room for the input of a linear layer in either layout: tiles of T rows (`ActivationTiles.tileRows`,
/// or one when there is one row), as `KernelTable` describes.
package struct ActivationTiles {
  package static let tileRows = 8

  package let codes: UnsafeMutablePointer<Int8>  // [tile][blocks][T][32]
  package let scales: UnsafeMutablePointer<Float>  // [tile][blocks][T]
  package let offsets: UnsafeMutablePointer<Int32>  // [tile][blocks][T], or two of each block
  package let floats: UnsafeMutablePointer<Float>  // [tile][columns][T]

  /// Bytes for `rows` rows of at most `columns` columns; `exact` says whether any matrix takes f32.
  package static func byteCount(rows: Int, columns: Int, exact: Bool) -> Int {
    let padded = paddedRows(rows)
    let blocks = (columns + 31) / 32
    return padded * blocks * (32 + 4 + 8) + (exact ? padded * columns * 4 : 0)
  }

  package static func paddedRows(_ rows: Int) -> Int {
    rows == 1 ? 1 : (rows + tileRows - 1) / tileRows * tileRows
  }

  /// Lays the arrays out from `memory` on, which has `byteCount` bytes and is 64-byte aligned.
  package init(_ memory: UnsafeMutableRawPointer, rows: Int, columns: Int) {
    let elements = ActivationTiles.paddedRows(rows) * ((columns + 31) / 32)
    scales = memory.assumingMemoryBound(to: Float.self)
    offsets = (memory + elements * 4).assumingMemoryBound(to: Int32.self)
    codes = (memory + elements * 12).assumingMemoryBound(to: Int8.self)
    floats = (memory + elements * 44).assumingMemoryBound(to: Float.self)
  }

  /// Converts rows `first..<first + validRows` of a tile. `x` is the tile's first row.
  package func fill(
    _ kernels: KernelTable, layout: ActivationLayout, tile: Int, tileRows: Int,
    x: UnsafePointer<Float>, stride: Int, validRows: Int, columns: Int
  ) {
    switch layout {
    case .int8(let kind):
      let blocks = columns / 32
      let at = tile * tileRows * blocks
      kernels.linear.quantizeActivations(
        x, stride, validRows, tileRows, blocks, kind.rawValue, codes + at * 32, scales + at,
        offsets + at * kind.countPerBlock)
    case .f32:
      kernels.linear.packActivationsF32(
        x, stride, validRows, tileRows, columns, floats + tile * tileRows * columns)
    }
  }
}

extension MatrixView {
  /// This worker's share of out[n, m] (+)= sum_k W[m, k] x[n, k], for `count` rows of activations
  /// already in the matrix's layout. out is `[count][stride]`; `scratch` holds `panelScratch` floats.
  package func apply(
    _ worker: Worker, _ kernels: KernelTable, _ x: ActivationTiles, count: Int,
    layout: ActivationLayout, out: UnsafeMutablePointer<Float>, stride: Int, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    for groups in portions(of: worker) {
      apply(
        kernels, groups: groups, x, count: count, layout: layout, out: out, stride: stride,
        accumulate: accumulate, scratch: scratch)
    }
  }

  /// Groups of rows, for the threads of a run: as many portions as threads, since tiles lose where they are
  /// cut small. Pairs stay together: the exact path's tiles are two groups high.
  package func portions(of worker: Worker) -> Portions {
    worker.portions(of: groupCount, unit: groupCount >= 2 * worker.count ? 2 : 1)
  }

  /// The same product for the outputs of some groups of rows.
  package func apply(
    _ kernels: KernelTable, groups share: Range<Int>, _ x: ActivationTiles, count: Int,
    layout: ActivationLayout, out: UnsafeMutablePointer<Float>, stride: Int, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard !share.isEmpty else { return }
    let keep = accumulate ? 1 : 0
    guard case .int8 = layout else {
      apply(
        kernels, groups: share, packed: x.floats, count: count, out: out, stride: stride,
        accumulate: accumulate, scratch: scratch)
      return
    }
    kernels.linear.linearInt8(
      PackedLayout.number(format), groups, columns / 32, x.codes, x.scales, x.offsets, count,
      share.lowerBound,
      share.upperBound, rows, out, stride, keep)
  }

  /// The same of activations that `packActivationsF32` has laid out.
  package func apply(
    _ kernels: KernelTable, groups share: Range<Int>, packed x: UnsafePointer<Float>, count: Int,
    out: UnsafeMutablePointer<Float>, stride: Int, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    kernels.linear.linearF32(
      PackedLayout.number(format), groups, columns, x, count, share.lowerBound, share.upperBound,
      rows, out, stride, accumulate ? 1 : 0, scratch)
  }
}
