import BlockFormats
import CPlatform

// Weights in 4 to 8 bits by activations in 8 bits: sixteen rows of weights at a time, one to eight
// rows of activations. No sum runs across lanes.
//
// However many rows there are, each has the same arithmetic in the same order, so a token's result
// does not depend on how a prompt was cut into chunks.

/// Bytes by which tiles of several rows ask for weights ahead, where those are used once.
let tileDistance = 8192

#if KERNELS_AVX512 || KERNELS_AVX2
  /// Bytes by which one row of activations asks for weights ahead; 0 where the processor does better alone. Asked
  /// for the block that is used next, a line is on its way already, and the loop has one shape.
  @inline(__always) private func rowDistance() -> Int { Int(emend_row_prefetch_distance()) }
#endif

/// What a tile asks for while it is computed.
enum AskedAhead {
  /// Nothing: the weights are in a cache, and those that follow come in time.
  case nothing
  /// The weights of the tile itself, which go by once, `tileDistance` before they are used.
  case itself
  /// With every block so many bytes of the weights that come after those in the cache, from `start` on.
  case next(start: UnsafeRawPointer, bytes: Int)
}

/// Asks for the weights that lie `distance` bytes behind a block's first.
@inline(__always) func prefetchBlock<F: IntegerBlock>(
  _: F.Type, _ block: UnsafeRawPointer, _ distance: Int
) {
  var ahead = 0
  while ahead < F.blockBytes {
    prefetch(block + (distance &+ ahead))
    ahead &+= 64
  }
}

/// One row of activations. The weights come in one stream; see `emend_row_prefetch_distance` for who asks for them.
@inline(__always) private func matrixVector<F: IntegerBlock>(
  _: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
  _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ firstGroup: Int, _ endGroup: Int,
  _ rows: Int, _ out: UnsafeMutablePointer<Float>, _ accumulate: Bool
) {
  let groupBytes = blocks &* F.blockBytes
  #if KERNELS_AVX512 || KERNELS_AVX2
    let distance = rowDistance()
  #endif
  for group in firstGroup..<endGroup {
    let start = weights + group &* groupBytes
    var f = FloatVector.zero
    @inline(__always) func add(_ place: BlockPlace, _ b: Int) {
      #if KERNELS_AVX512 || KERNELS_AVX2
        prefetchBlock(F.self, start + b &* F.blockBytes, distance)
      #endif
      let offset = offsets + 4 &* F.offsetCount &* b
      let sums = F.dotBlock(place, codes + 32 &* b, offset)
      f = F.add(f, sums, F.header(place), scales.broadcastFloat(4 &* b), offset, 1)
    }
    var b = 0
    #if KERNELS_AVX512
      while F.blocksTogether == 8, b < blocks {
        // Written out, so that what a superblock's blocks share is loaded and unpacked once. With AVX2 there are not
        // the registers for it.
        let s = start + b &* F.blockBytes
        add(BlockPlace(start: s, index: 0), b)
        add(BlockPlace(start: s, index: 1), b &+ 1)
        add(BlockPlace(start: s, index: 2), b &+ 2)
        add(BlockPlace(start: s, index: 3), b &+ 3)
        add(BlockPlace(start: s, index: 4), b &+ 4)
        add(BlockPlace(start: s, index: 5), b &+ 5)
        add(BlockPlace(start: s, index: 6), b &+ 6)
        add(BlockPlace(start: s, index: 7), b &+ 7)
        b &+= 8
      }
    #endif
    while b < blocks {
      add(F.place(start, b), b)
      b &+= 1
    }
    storeRows(f, out + 16 &* group, rows &- 16 &* group, accumulate)
  }
}

#if !KERNELS_NEON
  /// Tiles of eight rows of activations at most that share what is asked for ahead: with three and more memory is no limit,
  /// and asking costs more than it brings.
  private let mostSharingTiles = 2

  /// Tiles of up to eight rows of activations go by while a few groups of weights stay in the second-level
  /// cache. Where the tiles are few, each asks for its share of the groups that come next: else memory would wait while
  /// all tiles but the first are computed.
  @inline(__always) private func matrixMatrix<F: IntegerBlock>(
    _: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ firstGroup: Int,
    _ endGroup: Int, _ rows: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
    _ accumulate: Bool
  ) {
    let groupBytes = blocks &* F.blockBytes
    let groupsInCache = max(1, min(8, 393_216 / groupBytes))
    let sharing = (columns &+ 1) &>> 3  // those of seven rows and more
    let share = sharing > 0 && sharing <= mostSharingTiles ? groupBytes / sharing : 0
    var start = firstGroup
    while start < endGroup {
      let end = min(start &+ groupsInCache, endGroup)
      var column = 0
      while column < columns {
        let first = (column &>> 3) &* blocks &* 8
        for group in start..<end {
          var ahead = columns <= 8 ? AskedAhead.itself : .nothing
          if columns > 8, share > 0 {
            let next = end &+ (group &- start)
            if next < endGroup {
              ahead = .next(
                start: weights + (next &* groupBytes &+ (column &>> 3) &* share),
                bytes: share / blocks)
            }
          }
          let f = tile(
            F.self, weights + group &* groupBytes, blocks, codes + 32 &* first, scales + 4 &* first,
            offsets + 4 &* F.offsetCount &* first, columns &- column, ahead)
          let target = out + (column &* outStride &+ 16 &* group)
          f.forFirst(columns &- column) { n, value in
            storeRows(value, target + n &* outStride, rows &- 16 &* group, accumulate)
          }
        }
        column &+= 8
      }
      start = end
    }
  }
#endif

/// `LinearKernels.LinearInt8`.
@inline(__always) func linearInt8(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafePointer<Int8>,
  _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>, _ columns: Int,
  _ firstGroup: Int, _ endGroup: Int, _ rows: Int, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int, _ accumulate: Int
) {
  func run<F: IntegerBlock>(_ format: F.Type) {
    if columns == 1 {
      matrixVector(
        format, weights, blocks, codes, scales, offsets, firstGroup, endGroup, rows, out,
        accumulate != 0)
    } else {
      #if KERNELS_NEON
        panelMatrix(
          format, weights, blocks, codes, scales, offsets, columns, firstGroup, endGroup, rows,
          out, outStride, accumulate != 0)
      #else
        var first = firstGroup
        #if KERNELS_AVX512
          if F.meetsPanels(columns) {
            let left = (endGroup &- firstGroup) % groupsTogether
            panelMatrix(
              format, weights, blocks, codes, scales, offsets, columns, firstGroup,
              endGroup &- left, rows, out, outStride, accumulate != 0)
            first = endGroup &- left
          }
        #endif
        matrixMatrix(
          format, weights, blocks, codes, scales, offsets, columns, first, endGroup, rows,
          out, outStride, accumulate != 0)
      #endif
    }
  }
  switch format {
  case .q4_0: run(Q4_0Block.self)
  case .q4_1: run(Q4_1Block.self)
  case .q5_0: run(Q5_0Block.self)
  case .q5_1: run(Q5_1Block.self)
  case .iq4_NL: run(IQ4_NLBlock.self)
  case .mxfp4: run(MXFP4Block.self)
  case .q2_K: run(Q2_KBlock.self)
  case .q3_K: run(Q3_KBlock.self)
  case .q4_K: run(Q4_KBlock.self)
  case .q5_K: run(Q5_KBlock.self)
  case .q6_K: run(Q6_KBlock.self)
  case .iq4_XS: run(IQ4_XSBlock.self)
  default: run(Q8_0Block.self)
  }
}
