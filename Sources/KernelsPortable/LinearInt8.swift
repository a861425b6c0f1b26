// Weights in 4 or 8 bits by activations in 8 bits: sixteen rows of weights at a time, one or eight
// rows of activations. A block of 32 columns is eight vectors of unsigned codes either way; each
// holds four columns of sixteen rows, so a broadcast of four activations meets them in one dot
// product and no sum runs across lanes.
//
// One row and eight rows do the same arithmetic in the same order, so a token's result does not
// depend on how a prompt was cut into chunks.

/// The codes of one block, columns 4j..<4j+4 in vector j.
struct BlockCodes {
  let c0: WordVector
  let c1: WordVector
  let c2: WordVector
  let c3: WordVector
  let c4: WordVector
  let c5: WordVector
  let c6: WordVector
  let c7: WordVector
}

/// What differs between the formats: how a block's codes are found, and what its header adds.
protocol IntegerBlock {
  /// Bytes of the 16 rows' scales (and minima).
  static var headerBytes: Int { get }
  /// Bytes of the 16 rows' codes.
  static var codeBytes: Int { get }
  static func codes(_ p: UnsafeRawPointer) -> BlockCodes
  static func dot(_ acc: IntVector, _ codes: WordVector, _ values: IntVector) -> IntVector
  static func start(_ offset: IntVector) -> IntVector
  /// acc + scale of the activations * (scale of the weights * dot), and the minimum's part.
  static func add(
    _ acc: FloatVector, _ dot: IntVector, _ header: Header, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector
  associatedtype Header
  static func header(_ p: UnsafeRawPointer) -> Header
}

extension IntegerBlock {
  @inline(__always) static func dotBlock(
    _ offset: IntVector, _ c: BlockCodes, _ a: UnsafeRawPointer
  ) -> IntVector {
    var x = start(offset)
    x = dot(x, c.c0, a.broadcastInt(0))
    x = dot(x, c.c1, a.broadcastInt(4))
    x = dot(x, c.c2, a.broadcastInt(8))
    x = dot(x, c.c3, a.broadcastInt(12))
    x = dot(x, c.c4, a.broadcastInt(16))
    x = dot(x, c.c5, a.broadcastInt(20))
    x = dot(x, c.c6, a.broadcastInt(24))
    x = dot(x, c.c7, a.broadcastInt(28))
    return x
  }

  /// Two chains of dot products: with one row of activations there is nothing else to overlap.
  @inline(__always) static func dotBlockTwoChains(
    _ offset: IntVector, _ c: BlockCodes, _ a: UnsafeRawPointer
  ) -> IntVector {
    var x = start(offset)
    var y = IntVector.zero
    x = dot(x, c.c0, a.broadcastInt(0))
    y = dot(y, c.c1, a.broadcastInt(4))
    x = dot(x, c.c2, a.broadcastInt(8))
    y = dot(y, c.c3, a.broadcastInt(12))
    x = dot(x, c.c4, a.broadcastInt(16))
    y = dot(y, c.c5, a.broadcastInt(20))
    x = dot(x, c.c6, a.broadcastInt(24))
    y = dot(y, c.c7, a.broadcastInt(28))
    return x &+ y
  }
}

@inline(__always) private func nibbles(_ p: UnsafeRawPointer) -> BlockCodes {
  let q0 = p.words(0)
  let q1 = p.words(64)
  let q2 = p.words(128)
  let q3 = p.words(192)
  return BlockCodes(
    c0: q0 & 0x0F0F_0F0F, c1: q1 & 0x0F0F_0F0F, c2: q2 & 0x0F0F_0F0F, c3: q3 & 0x0F0F_0F0F,
    c4: (q0 &>> 4) & 0x0F0F_0F0F, c5: (q1 &>> 4) & 0x0F0F_0F0F,
    c6: (q2 &>> 4) & 0x0F0F_0F0F, c7: (q3 &>> 4) & 0x0F0F_0F0F)
}

enum Q4_0Block: IntegerBlock {
  static let headerBytes = 32
  static let codeBytes = 256
  @inline(__always) static func codes(_ p: UnsafeRawPointer) -> BlockCodes { nibbles(p) }
  @inline(__always) static func dot(_ x: IntVector, _ c: WordVector, _ a: IntVector) -> IntVector {
    dotNibbles(x, c, a)
  }
  @inline(__always) static func start(_ offset: IntVector) -> IntVector { offset }
  @inline(__always) static func header(_ p: UnsafeRawPointer) -> FloatVector { halves(p) }
  @inline(__always) static func add(
    _ acc: FloatVector, _ dot: IntVector, _ d: FloatVector, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector { multiplyAdd(toFloat(dot) * d, scale, acc) }
}

enum Q4_1Block: IntegerBlock {
  static let headerBytes = 64
  static let codeBytes = 256
  struct Minimum {
    let d: FloatVector
    let m: FloatVector
  }
  @inline(__always) static func codes(_ p: UnsafeRawPointer) -> BlockCodes { nibbles(p) }
  @inline(__always) static func dot(_ x: IntVector, _ c: WordVector, _ a: IntVector) -> IntVector {
    dotNibbles(x, c, a)
  }
  @inline(__always) static func start(_ offset: IntVector) -> IntVector { .zero }
  @inline(__always) static func header(_ p: UnsafeRawPointer) -> Minimum {
    Minimum(d: halves(p), m: halves(p + 32))
  }
  @inline(__always) static func add(
    _ acc: FloatVector, _ dot: IntVector, _ h: Minimum, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector {
    multiplyAdd(h.m, offset, multiplyAdd(toFloat(dot) * h.d, scale, acc))
  }
}

enum Q8_0Block: IntegerBlock {
  static let headerBytes = 32
  static let codeBytes = 512
  @inline(__always) static func codes(_ p: UnsafeRawPointer) -> BlockCodes {
    BlockCodes(
      c0: p.words(0), c1: p.words(64), c2: p.words(128), c3: p.words(192), c4: p.words(256),
      c5: p.words(320), c6: p.words(384), c7: p.words(448))
  }
  @inline(__always) static func dot(_ x: IntVector, _ c: WordVector, _ a: IntVector) -> IntVector {
    dotBytes(x, c, a)
  }
  @inline(__always) static func start(_ offset: IntVector) -> IntVector { byteDotStart(offset) }
  @inline(__always) static func header(_ p: UnsafeRawPointer) -> FloatVector { halves(p) }
  @inline(__always) static func add(
    _ acc: FloatVector, _ dot: IntVector, _ d: FloatVector, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector { multiplyAdd(toFloat(dot) * d, scale, acc) }
}

/// Stores 16 rows' results, or the first `validRows` of them; adds to what is there when asked.
@inline(__always) func storeRows(
  _ value: FloatVector, _ out: UnsafeMutablePointer<Float>, _ validRows: Int, _ accumulate: Bool
) {
  if validRows >= 16 {
    out.store(accumulate ? out.vector() + value : value)
  } else {
    for i in 0..<validRows { out[i] = accumulate ? out[i] + value[i] : value[i] }
  }
}

/// What `storeRows` stored; lanes past the valid rows are zero.
@inline(__always) func loadRows(_ out: UnsafeMutablePointer<Float>, _ validRows: Int)
  -> FloatVector
{
  if validRows >= 16 { return out.vector() }
  var value = FloatVector.zero
  for i in 0..<validRows { value[i] = out[i] }
  return value
}

/// One row of activations: bound by memory, so the weights ahead are asked for 4 KB early.
@inline(__always) private func matrixVector<F: IntegerBlock>(
  _: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
  _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ firstGroup: Int, _ endGroup: Int,
  _ rows: Int, _ out: UnsafeMutablePointer<Float>, _ accumulate: Bool
) {
  let blockBytes = F.headerBytes &+ F.codeBytes
  var block = weights + firstGroup &* blocks &* blockBytes
  for group in firstGroup..<endGroup {
    var f = FloatVector.zero
    for b in 0..<blocks {
      var ahead = 0
      while ahead < blockBytes {
        prefetch(block + (4096 &+ ahead))
        ahead &+= 64
      }
      let x = F.dotBlockTwoChains(
        offsets.broadcastInt(4 &* b), F.codes(block + F.headerBytes), codes + 32 &* b)
      f = F.add(
        f, x, F.header(block), scales.broadcastFloat(4 &* b), offsets.broadcastFloat(4 &* b))
      block += blockBytes
    }
    storeRows(f, out + 16 &* group, rows &- 16 &* group, accumulate)
  }
}

/// Eight rows of activations against one group.
@inline(__always) private func tile<F: IntegerBlock>(
  _: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
  _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer
) -> Eight {
  var f = Eight()
  var block = group
  var a = codes
  var s = scales
  var o = offsets
  for _ in 0..<blocks {
    let c = F.codes(block + F.headerBytes)
    let h = F.header(block)
    f.update { n, acc in
      let x = F.dotBlock(o.broadcastInt(4 &* n), c, a + 32 &* n)
      return F.add(acc, x, h, s.broadcastFloat(4 &* n), o.broadcastFloat(4 &* n))
    }
    block += F.headerBytes &+ F.codeBytes
    a += 256
    s += 32
    o += 32
  }
  return f
}

/// Tiles of eight rows of activations go by while a few groups of weights stay in the second-level
/// cache.
@inline(__always) private func matrixMatrix<F: IntegerBlock>(
  _: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
  _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ firstGroup: Int,
  _ endGroup: Int, _ rows: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
  _ accumulate: Bool
) {
  let groupBytes = blocks &* (F.headerBytes &+ F.codeBytes)
  let groupsInCache = max(1, min(8, 393_216 / groupBytes))
  var start = firstGroup
  while start < endGroup {
    let end = min(start &+ groupsInCache, endGroup)
    var column = 0
    while column < columns {
      let first = (column &>> 3) &* blocks &* 8
      for group in start..<end {
        let f = tile(
          F.self, weights + group &* groupBytes, blocks, codes + 32 &* first, scales + 4 &* first,
          offsets + 4 &* first)
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

/// `KernelTable.LinearInt8` for one format.
@inline(__always) func linearInt8<F: IntegerBlock>(
  _ format: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafePointer<Int8>,
  _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>, _ columns: Int,
  _ firstGroup: Int, _ endGroup: Int, _ rows: Int, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int, _ accumulate: Int
) {
  if columns == 1 {
    matrixVector(
      format, weights, blocks, codes, scales, offsets, firstGroup, endGroup, rows, out,
      accumulate != 0)
  } else {
    matrixMatrix(
      format, weights, blocks, codes, scales, offsets, columns, firstGroup, endGroup, rows, out,
      outStride, accumulate != 0)
  }
}
