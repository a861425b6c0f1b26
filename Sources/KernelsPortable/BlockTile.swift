// Sixteen blocks of 32 elements at a time, a vector lane for each, so that looking for a block's
// scale sums nothing across lanes: `tile` is `[32][16]` f32.

/// Elements of a block in every format that is written.
let blockSize = 32

/// Blocks first..<first+count of `values` to a tile; lanes past `count` are zero.
@inline(__always) func loadTile(
  _ values: UnsafePointer<Float>, _ count: Int, _ tile: UnsafeMutablePointer<Float>
) {
  for lane in 0..<lanes {
    if lane < count {
      let block = values + lane &* blockSize
      for i in 0..<blockSize { tile[i &* lanes &+ lane] = block[i] }
    } else {
      for i in 0..<blockSize { tile[i &* lanes &+ lane] = 0 }
    }
  }
}

/// The importance of the columns of blocks first..<first+count of rows of `blocksPerRow` blocks.
@inline(__always) func loadImportance(
  _ importance: UnsafePointer<Float>, _ blocksPerRow: Int, _ first: Int, _ count: Int,
  _ tile: UnsafeMutablePointer<Float>
) {
  var at = first % blocksPerRow
  for lane in 0..<lanes {
    let block = importance + at &* blockSize
    for i in 0..<blockSize { tile[i &* lanes &+ lane] = lane < count ? block[i] : 0 }
    at = at &+ 1 == blocksPerRow ? 0 : at &+ 1
  }
}

/// Writes `count` blocks of 16 bytes of nibbles after a header: one half, or two where `second` is
/// given. `code(i)` is element i of each block, 0...15. `words` is scratch, `[4][16]`.
@inline(__always) func storeNibbleBlocks(
  _ first: FloatVector, _ second: FloatVector?, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>, code: (Int) -> IntVector
) {
  for j in 0..<4 {
    var word = IntVector.zero
    for t in 0..<4 {
      let pair = code(4 &* j &+ t) | (code(4 &* j &+ t &+ 16) &<< 4)
      word |= pair &<< Int32(truncatingIfNeeded: 8 &* t)
    }
    UnsafeMutableRawPointer(words + j &* lanes).storeBytes(of: word, as: IntVector.self)
  }
  let header = second == nil ? 2 : 4
  for lane in 0..<count {
    let block = out + lane &* (header &+ 16)
    block.storeBytes(of: halfBits(first[lane]), as: UInt16.self)
    if let second {
      block.storeBytes(of: halfBits(second[lane]), toByteOffset: 2, as: UInt16.self)
    }
    for j in 0..<4 {
      block.storeBytes(
        of: words[j &* lanes &+ lane], toByteOffset: header &+ 4 &* j, as: UInt32.self)
    }
  }
}

/// Writes `count` Q8_0 blocks. `code(i)` is element i of each block, -128...127. `words` is scratch,
/// `[8][16]`.
@inline(__always) func storeByteBlocks(
  _ d: FloatVector, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>, code: (Int) -> IntVector
) {
  for j in 0..<8 {
    var word = IntVector.zero
    for t in 0..<4 {
      word |= (code(4 &* j &+ t) & 255) &<< Int32(truncatingIfNeeded: 8 &* t)
    }
    UnsafeMutableRawPointer(words + j &* lanes).storeBytes(of: word, as: IntVector.self)
  }
  for lane in 0..<count {
    let block = out + lane &* 34
    block.storeBytes(of: halfBits(d[lane]), as: UInt16.self)
    for j in 0..<8 {
      block.storeBytes(of: words[j &* lanes &+ lane], toByteOffset: 2 &+ 4 &* j, as: UInt32.self)
    }
  }
}

/// Reads `count` blocks of nibbles, `rowBytes` apart, into a tile of codes from `lowest` on; lanes
/// past `count` are zero.
@inline(__always) func loadNibbleBlocks(
  _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int, _ hasMinimum: Bool, _ lowest: Float,
  _ codes: UnsafeMutablePointer<Float>
) -> Step {
  var step = Step(d: .zero, m: .zero)
  for lane in 0..<lanes {
    guard lane < count else {
      for i in 0..<blockSize { codes[i &* lanes &+ lane] = 0 }
      continue
    }
    let block = blocks + lane &* rowBytes
    step.d[lane] = half(block)
    if hasMinimum { step.m[lane] = half(block + 2) }
    for j in 0..<16 {
      let pair = block.load(fromByteOffset: (hasMinimum ? 4 : 2) &+ j, as: UInt8.self)
      codes[j &* lanes &+ lane] = Float(pair & 15) + lowest
      codes[(j &+ 16) &* lanes &+ lane] = Float(pair &>> 4) + lowest
    }
  }
  return step
}

/// The same for Q8_0.
@inline(__always) func loadByteBlocks(
  _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int, _ codes: UnsafeMutablePointer<Float>
) -> Step {
  var step = Step(d: .zero, m: .zero)
  for lane in 0..<lanes {
    guard lane < count else {
      for i in 0..<blockSize { codes[i &* lanes &+ lane] = 0 }
      continue
    }
    let block = blocks + lane &* rowBytes
    step.d[lane] = half(block)
    for i in 0..<blockSize {
      codes[i &* lanes &+ lane] = Float(block.load(fromByteOffset: 2 &+ i, as: Int8.self))
    }
  }
  return step
}

// MARK: vectors

@inline(__always) func minimum(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  a.replacing(with: b, where: b .< a)
}

@inline(__always) func select(
  _ mask: SIMDMask<IntVector>, _ yes: FloatVector, _ no: FloatVector
) -> FloatVector {
  no.replacing(with: yes, where: mask)
}

/// Lanes that are neither infinite nor NaN.
@inline(__always) func isFinite(_ v: FloatVector) -> SIMDMask<IntVector> {
  (unsafeBitCast(v, to: IntVector.self) & 0x7F80_0000) .!= 0x7F80_0000
}

/// Nearest integer, ties to even, for |v| < 2^22; larger ones keep their size about.
@inline(__always) func rounded(_ v: FloatVector) -> FloatVector {
  let shift = FloatVector(repeating: 0x1.8p23)
  return (v + shift) - shift
}

/// 1 / v, and 0 for 0.
@inline(__always) func reciprocal(_ v: FloatVector) -> FloatVector {
  select(v .== 0, .zero, FloatVector(repeating: 1) / v)
}

/// The nearest finite half.
@inline(__always) func nearestHalf(_ v: FloatVector) -> FloatVector {
  let most = FloatVector(repeating: 65504)
  let clamped = minimum(maximum(v, -most), most)
  #if KERNELS_PORTABLE
    var bits = WordVector()
    for i in 0..<lanes { bits[i] = UInt32(halfBits(clamped[i])) }
    return floatFromHalf(bits)
  #else
    var r = FloatVector()
    for i in 0..<lanes { r[i] = Float(Float16(clamped[i])) }
    return r
  #endif
}
