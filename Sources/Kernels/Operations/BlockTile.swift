// Sixteen blocks of 32 elements at a time, a vector lane for each, so that looking for a block's
// scale sums nothing across lanes: `tile` is `[32][16]` f32.

/// Elements of a block in every format that is written.
let blockSize = 32

/// `count` blocks that lie one after the other to a tile; lanes past `count` are zero.
@inline(__always) func loadTile(
  _ values: UnsafePointer<Float>, _ count: Int, _ tile: UnsafeMutablePointer<Float>
) {
  guard count < lanes else {
    transposeBlocks(tile) { lane in values + lane &* blockSize }
    return
  }
  for lane in 0..<lanes {
    if lane < count {
      let block = values + lane &* blockSize
      for i in 0..<blockSize { tile[i &* lanes &+ lane] = block[i] }
    } else {
      for i in 0..<blockSize { tile[i &* lanes &+ lane] = 0 }
    }
  }
}

/// The importance of the columns of blocks first..<first+16 of rows of `blocksPerRow` blocks.
@inline(__always) func loadImportance(
  _ importance: UnsafePointer<Float>, _ blocksPerRow: Int, _ first: Int,
  _ tile: UnsafeMutablePointer<Float>
) {
  let start = first % blocksPerRow
  guard blocksPerRow < lanes else {
    transposeBlocks(tile) { lane in
      let at = start &+ lane
      return importance + (at < blocksPerRow ? at : at &- blocksPerRow) &* blockSize
    }
    return
  }
  var at = start
  for lane in 0..<lanes {
    let block = importance + at &* blockSize
    for i in 0..<blockSize { tile[i &* lanes &+ lane] = block[i] }
    at = at &+ 1 == blocksPerRow ? 0 : at &+ 1
  }
}

/// Sixteen blocks, wherever they are, to a tile.
@inline(__always) private func transposeBlocks(
  _ tile: UnsafeMutablePointer<Float>, _ block: (_ lane: Int) -> UnsafePointer<Float>
) {
  var first = 0
  while first < blockSize {
    let columns = Square.load { block($0).vector(first) }.transposed
    columns.forFirst(lanes) { i, values in tile.store(values, at: (first &+ i) &* lanes) }
    first &+= lanes
  }
}

/// Writes `count` blocks of 16 bytes of nibbles after a header: one half, or two where `second` is
/// given. `codes` is a tile of whole numbers that are 0...15 less `lowest`. `words` is scratch,
/// `[4][16]`.
@_transparent func storeNibbleBlocks(
  _ first: FloatVector, _ second: FloatVector?, _ codes: UnsafePointer<Float>, _ lowest: Int32,
  _ count: Int, _ out: UnsafeMutableRawPointer, _ words: UnsafeMutablePointer<UInt32>
) {
  for j in 0..<4 {
    var word = IntVector.zero
    for t in 0..<4 {
      let at = (4 &* j &+ t) &* lanes
      let low = roundToInt(codes.vector(at)) &- lowest
      let high = roundToInt(codes.vector(at &+ 16 &* lanes)) &- lowest
      word |= (low | (high &<< 4)) &<< Int32(truncatingIfNeeded: 8 &* t)
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

/// Writes `count` Q8_0 blocks. `codes` is a tile of whole numbers, -128...127. `words` is scratch,
/// `[8][16]`.
@_transparent func storeByteBlocks(
  _ d: FloatVector, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  for j in 0..<8 {
    var word = IntVector.zero
    for t in 0..<4 {
      let code = roundToInt(codes.vector((4 &* j &+ t) &* lanes)) & 255
      word |= code &<< Int32(truncatingIfNeeded: 8 &* t)
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

/// Writes `count` blocks of five-bit codes after a header of one half or two: a word of fifth bits, then nibbles.
/// `codes` is a tile of whole numbers that are 0...31 less `lowest`.
@inline(__always) func storeFiveBitBlocks(
  _ first: FloatVector, _ second: FloatVector?, _ codes: UnsafePointer<Float>, _ lowest: Int32,
  _ count: Int, _ out: UnsafeMutableRawPointer, _ words: UnsafeMutablePointer<UInt32>
) {
  var fifths = IntVector.zero
  for j in 0..<4 {
    var word = IntVector.zero
    for t in 0..<4 {
      let i = 4 &* j &+ t
      let low = roundToInt(codes.vector(i &* lanes)) &- lowest
      let high = roundToInt(codes.vector((i &+ 16) &* lanes)) &- lowest
      word |= ((low & 15) | ((high & 15) &<< 4)) &<< Int32(truncatingIfNeeded: 8 &* t)
      fifths |= (low &>> 4) &<< Int32(truncatingIfNeeded: i)
      fifths |= (high &>> 4) &<< Int32(truncatingIfNeeded: i &+ 16)
    }
    UnsafeMutableRawPointer(words + j &* lanes).storeBytes(of: word, as: IntVector.self)
  }
  let header = second == nil ? 2 : 4
  for lane in 0..<count {
    let block = out + lane &* (header &+ 20)
    block.storeBytes(of: halfBits(first[lane]), as: UInt16.self)
    if let second {
      block.storeBytes(of: halfBits(second[lane]), toByteOffset: 2, as: UInt16.self)
    }
    block.storeBytes(of: fifths[lane], toByteOffset: header, as: Int32.self)
    for j in 0..<4 {
      block.storeBytes(
        of: words[j &* lanes &+ lane], toByteOffset: header &+ 4 &+ 4 &* j, as: UInt32.self)
    }
  }
}

/// Reads what `storeFiveBitBlocks` writes; see `loadNibbleBlocks`.
@inline(__always) func loadFiveBitBlocks(
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
    let start = block + (hasMinimum ? 4 : 2)
    let fifths = start.loadUnaligned(as: UInt32.self)
    for j in 0..<16 {
      let pair = UInt32(start.load(fromByteOffset: 4 &+ j, as: UInt8.self))
      let low = fifths &>> UInt32(truncatingIfNeeded: j) & 1
      let high = fifths &>> UInt32(truncatingIfNeeded: j &+ 16) & 1
      codes[j &* lanes &+ lane] = Float(pair & 15 | low &<< 4) + lowest
      codes[(j &+ 16) &* lanes &+ lane] = Float(pair &>> 4 | high &<< 4) + lowest
    }
  }
  return step
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

@_transparent func minimum(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  a.replacing(with: b, where: b .< a)
}

@_transparent func select(
  _ mask: SIMDMask<IntVector>, _ yes: FloatVector, _ no: FloatVector
) -> FloatVector {
  no.replacing(with: yes, where: mask)
}

/// Lanes that are neither infinite nor NaN.
@_transparent func isFinite(_ v: FloatVector) -> SIMDMask<IntVector> {
  magnitude(v) .< FloatVector(repeating: .infinity)
}

/// Nearest integer, ties to even, for |v| < 2^22; larger ones keep their size about.
@_transparent func rounded(_ v: FloatVector) -> FloatVector {
  let shift = FloatVector(repeating: 0x1.8p23)
  return (v + shift) - shift
}

/// 1 / v, and 0 for 0.
@_transparent func reciprocal(_ v: FloatVector) -> FloatVector {
  select(v .== 0, .zero, FloatVector(repeating: 1) / v)
}

/// The nearest finite half.
@_transparent func nearestHalf(_ v: FloatVector) -> FloatVector {
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
