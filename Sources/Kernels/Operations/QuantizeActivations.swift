import KernelInterface

/// q = round(x / d) with d = max |x| / 127 over each block of 32, the format of ggml's Q8_0 but for
/// the scale, which stays f32. Layout and offsets: `KernelTable` and `OffsetKind`.
///
/// Sixteen blocks at a time: transposing their partial maxima and sums leaves one lane for a block, so
/// that nothing is reduced across lanes and divisions are made sixteen at once.
func quantizeActivations(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ validRows: Int, _ tile: Int, _ blocks: Int,
  _ offsetKind: Int, _ codes: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
  _ offsets: UnsafeMutablePointer<Int32>
) {
  let isOfHalves = offsetKind == 3 || offsetKind >= 5
  for row in 0..<tile {
    guard row < validRows else {
      for block in 0..<blocks {
        let at = block &* tile &+ row
        #if KERNELS_I8MM
          storeCodes(.zero, .zero, codes + block &* tile &* 32, tile, row)
        #else
          for i in 0..<32 { codes[at &* 32 &+ i] = 0 }
        #endif
        scales[at] = 0
        if isOfHalves {
          offsets[block &* 2 &* tile &+ row] = 0
          offsets[block &* 2 &* tile &+ tile &+ row] = 0
        } else {
          offsets[at] = 0
        }
      }
      continue
    }
    let source = x + row &* xStride
    var room = (Square(), Square(), FloatVector())
    withUnsafeMutableBytes(of: &room) { room in
      let square = room.baseAddress!.assumingMemoryBound(to: Float.self)
      let second = square + 256
      let inverses = square + 512
      var first = 0
      while first < blocks {
        let some = min(16, blocks &- first)
        let values = source + first &* 32
        for block in 0..<some {
          let low = values.vector(block &* 32)
          let high = values.vector(block &* 32 &+ 16)
          square.store(maximum(magnitude(low), magnitude(high)), at: 16 &* block)
        }
        let peaks = reduced(square, maximum)
        let scale = peaks / FloatVector(repeating: 127)
        // Infinite when the peak is zero or below 3.8e-37: such a block counts as zeros.
        let reciprocals = FloatVector(repeating: 127) / peaks
        inverses.store(
          FloatVector.zero.replacing(
            with: reciprocals, where: reciprocals .< FloatVector(repeating: .infinity)))
        #if !KERNELS_I8MM
          let target = codes + (first &* tile &+ row) &* 32
        #endif
        for block in 0..<some {
          let inverse = UnsafePointer(inverses).broadcast(block)
          let low = roundToInt(values.vector(block &* 32) * inverse)
          let high = roundToInt(values.vector(block &* 32 &+ 16) * inverse)
          #if KERNELS_I8MM
            storeCodes(low, high, codes + (first &+ block) &* tile &* 32, tile, row)
          #else
            storeBytes(low, target + block &* tile &* 32)
            storeBytes(high, target + (block &* tile &* 32 &+ 16))
          #endif
          if isOfHalves {
            square.store(toFloat(low), at: 16 &* block)
            second.store(toFloat(high), at: 16 &* block)
          } else {
            square.store(toFloat(low &+ high), at: 16 &* block)
          }
        }
        if isOfHalves {
          let sums = (reduced(square) { $0 + $1 }, reduced(second) { $0 + $1 })
          let low: IntVector
          let high: IntVector
          if offsetKind == 6 {
            low = unsafeBitCast(scale * sums.0, to: IntVector.self)
            high = unsafeBitCast(scale * sums.1, to: IntVector.self)
          } else {
            let zeroPoint = FloatVector(repeating: offsetKind == 3 ? -32 : -4)
            low = roundToInt(sums.0 * zeroPoint)
            high = roundToInt(sums.1 * zeroPoint)
          }
          for block in 0..<some {
            scales[(first &+ block) &* tile &+ row] = scale[block]
            let at = (first &+ block) &* 2 &* tile &+ row
            offsets[at] = low[block]
            offsets[at &+ tile] = high[block]
          }
          first &+= 16
          continue
        }
        // Sums of 32 codes are exact in f32.
        let totals = reduced(square) { $0 + $1 }
        let sums: WordVector
        switch offsetKind {
        case 0: sums = unsafeBitCast(roundToInt(totals * -8), to: WordVector.self)
        case 1: sums = unsafeBitCast(roundToInt(totals * -128), to: WordVector.self)
        case 4: sums = unsafeBitCast(roundToInt(totals * -16), to: WordVector.self)
        default: sums = unsafeBitCast(scale * totals, to: WordVector.self)
        }
        for block in 0..<some {
          let at = (first &+ block) &* tile &+ row
          scales[at] = scale[block]
          offsets[at] = Int32(bitPattern: sums[block])
        }
        first &+= 16
      }
    }
  }
}

/// Lane i of the result is what `combine` makes of row i of `[16][16]`.
@inline(__always) private func reduced(
  _ square: UnsafePointer<Float>, _ combine: (FloatVector, FloatVector) -> FloatVector
) -> FloatVector {
  let t = Square.load { square.vector(16 &* $0) }.transposed
  let a = t.first
  let b = t.second
  return combine(
    combine(
      combine(combine(a.v0, a.v1), combine(a.v2, a.v3)),
      combine(combine(a.v4, a.v5), combine(a.v6, a.v7))),
    combine(
      combine(combine(b.v0, b.v1), combine(b.v2, b.v3)),
      combine(combine(b.v4, b.v5), combine(b.v6, b.v7))))
}

#if KERNELS_I8MM
  /// The 32 codes of a row of a tile's block, which begins at `block`: of tiles of eight rows eight columns of two
  /// rows by turns, as smmla takes them.
  @inline(__always) private func storeCodes(
    _ low: IntVector, _ high: IntVector, _ block: UnsafeMutablePointer<Int8>, _ tile: Int,
    _ row: Int
  ) {
    guard tile == 8 else {
      storeBytes(low, block + row &* 32)
      storeBytes(high, block + (row &* 32 &+ 16))
      return
    }
    var codes = (SIMD16<Int8>(), SIMD16<Int8>())
    for i in 0..<16 {
      codes.0[i] = Int8(truncatingIfNeeded: low[i])
      codes.1[i] = Int8(truncatingIfNeeded: high[i])
    }
    let p = UnsafeMutableRawPointer(block + ((row &>> 1) &* 64 &+ (row & 1) &* 8))
    p.storeBytes(of: codes.0.lowHalf, as: SIMD8<Int8>.self)
    p.storeBytes(of: codes.0.highHalf, toByteOffset: 16, as: SIMD8<Int8>.self)
    p.storeBytes(of: codes.1.lowHalf, toByteOffset: 32, as: SIMD8<Int8>.self)
    p.storeBytes(of: codes.1.highHalf, toByteOffset: 48, as: SIMD8<Int8>.self)
  }
#endif

@inline(__always) private func storeBytes(_ v: IntVector, _ p: UnsafeMutablePointer<Int8>) {
  var bytes = SIMD16<Int8>()
  for i in 0..<16 { bytes[i] = Int8(truncatingIfNeeded: v[i]) }
  UnsafeMutableRawPointer(p).storeBytes(of: bytes, as: SIMD16<Int8>.self)
}
