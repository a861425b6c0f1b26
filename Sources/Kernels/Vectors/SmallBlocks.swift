import KernelInterface

// Codes of two and three bits under scales of 16 columns.

/// Pairs of bits of 16 columns in a word for each row: bits 2j and 2j + 1 of byte t for column 4j + t.
@inline(__always) private func bitPairs(_ p: UnsafeRawPointer, _ j: Int) -> WordVector {
  (p.words(64 &* (j &>> 2)) &>> UInt32(truncatingIfNeeded: 2 &* (j & 3))) & 0x0303_0303
}

/// Q3_K: scales in 6 bits; the zero point is 4.
enum Q3_KBlock: HalvedBlock {
  @inline(__always) static var blockBytes: Int { PackedLayout.q3_KSuperblock / 8 }
  @inline(__always) static var zeroPoint: Int32 { 4 }
  @inline(__always) static var largestCode: Int32 { 7 }
  @inline(__always) private static func block(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + (32 &+ PackedLayout.q3_KBlock &* place.index)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> Halves {
    let d = halves(place.start)
    return (first: d * signedBytes(block(place)), last: d * signedBytes(block(place) + 16))
  }
  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    let bits = block(place).words(160)
    return bitPairs(block(place) + 32, j) | (moved(bits, up: 2 &- j) & 0x0404_0404)
  }
  #if KERNELS_AVX2
    typealias Dot = HalfDot<Q3_KBlock>
  #endif
}

/// Scales and minima of a block's halves; minima as what they add. A tuple, as `Affine`.
typealias AffineHalves = (
  first: FloatVector, last: FloatVector, firstMinimum: FloatVector, lastMinimum: FloatVector
)

/// Q2_K: scales and minima in 4 bits, of which the superblock has the units.
enum Q2_KBlock: IntegerBlock {
  typealias Header = AffineHalves

  @inline(__always) static var blockBytes: Int { PackedLayout.q2_KSuperblock / 8 }
  @inline(__always) static var zeroPoint: Int32 { 0 }
  @inline(__always) static var largestCode: Int32 { 3 }
  @inline(__always) static var blocksTogether: Int { 8 }
  @inline(__always) static var hasHalves: Bool { true }
  @inline(__always) private static func block(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + (64 &+ PackedLayout.q2_KBlock &* place.index)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> AffineHalves {
    let d = halves(place.start)
    let unit = halves(place.start + 32)
    let first = bytesAsInts(block(place))
    let last = bytesAsInts(block(place) + 16)
    return (
      first: d * toFloat(first & 15), last: d * toFloat(last & 15),
      firstMinimum: negated(unit * toFloat(first &>> 4)),
      lastMinimum: negated(unit * toFloat(last &>> 4))
    )
  }
  @inline(__always) static func steps(_ place: BlockPlace) -> BlockSteps {
    let h = header(place)
    return (
      first: h.first, last: h.last, minimum: h.firstMinimum, lastMinimum: h.lastMinimum
    )
  }
  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ h: AffineHalves, _ scale: FloatVector,
    _ offsets: UnsafeRawPointer, _ tile: Int
  ) -> FloatVector {
    let first = toFloat(sums.firstHalf) * h.first
    let products = multiplyAdd(multiplyAdd(toFloat(sums.last), h.last, first), scale, acc)
    return multiplyAdd(
      h.lastMinimum, offsets.broadcastFloat(4 &* tile),
      multiplyAdd(h.firstMinimum, offsets.broadcastFloat(0), products))
  }
  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    bitPairs(block(place) + 32, j)
  }
  #if KERNELS_AVX2
    typealias Dot = HalfDot<Q2_KBlock>
  #endif
}

@inline(__always) func bytesAsInts(_ p: UnsafeRawPointer) -> IntVector {
  let b = p.loadUnaligned(as: SIMD16<UInt8>.self)
  var r = IntVector()
  for i in 0..<16 { r[i] = Int32(b[i]) }
  return r
}
