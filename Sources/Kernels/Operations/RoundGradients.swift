// Gradients to eight or sixteen bits, for the product in bytes: `ByteGradientKernels`.

import KernelInterface

/// What codes are stored with: AVX-512's instruction, and the portable one after it, takes the first factor unsigned.
#if KERNELS_AVX2 || KERNELS_NEON
  private let zeroPoint: Float = 0
#else
  private let zeroPoint: Float = 128
#endif

/// The largest |g| is this many steps: with what rounding adds, at most a half, and the errors of a product it stays
/// below 127.5.
private let steps: Float = 126.99
/// Gradients below this count as if the largest were as large, so that the factor is finite.
private let least: Float = 0x1p-100

/// `ByteGradientKernels.Round`.
func roundGradients(
  _ g: UnsafePointer<Float>, _ gStride: Int, _ validRows: Int, _ outputs: Int, _ slices: Int,
  _ seed: UInt32, _ firstRow: Int, _ tile: UnsafeMutablePointer<Float>
) {
  let groups = PackedLayout.groupCount(rows: outputs)
  let together = ByteGradientKernels.groupsPerSum(groups)
  let sums = ByteGradientKernels.sumCount(groups)
  let codes = UnsafeMutableRawPointer(tile + 8 &* sums)
  let sliceBytes = 128 &* groups
  for sum in 0..<sums {
    let first = sum &* together
    let end = min(first &+ together, groups)
    let valid = min(16 &* end, outputs) &- 16 &* first
    for four in stride(from: 0, to: 8, by: 4) {
      let rows = FourRows(
        g + 16 &* first, gStride, four, validRows, valid, seed, firstRow,
        scales: tile + (8 &* sum &+ four), slices: slices)
      for i in 0..<end &- first {
        let out = codes + (128 &* (first &+ i) &+ 4 &* four)
        if slices == 2 {
          let (high, low) = rows.pairs(i, first &+ i)
          put(high, out)
          put(low, out + sliceBytes)
        } else {
          put(rows.bytes(i, first &+ i), out)
        }
      }
    }
  }
}

/// A byte of each of four rows in a word for each of sixteen outputs, to words of four outputs, rows side by side.
@inline(__always) private func put(_ words: WordVector, _ p: UnsafeMutableRawPointer) {
  let quads = transposeBytes(words)
  p.storeBytes(of: quads.lowHalf.lowHalf, as: SIMD4<UInt32>.self)
  p.storeBytes(of: quads.lowHalf.highHalf, toByteOffset: 32, as: SIMD4<UInt32>.self)
  p.storeBytes(of: quads.highHalf.lowHalf, toByteOffset: 64, as: SIMD4<UInt32>.self)
  p.storeBytes(of: quads.highHalf.highHalf, toByteOffset: 96, as: SIMD4<UInt32>.self)
}

/// Four rows of gradients of a sum; those past the last are zeros.
private struct FourRows {
  let r0: RoundedRow
  let r1: RoundedRow
  let r2: RoundedRow
  let r3: RoundedRow

  @inline(__always) init(
    _ g: UnsafePointer<Float>, _ gStride: Int, _ first: Int, _ validRows: Int, _ valid: Int,
    _ seed: UInt32, _ firstRow: Int, scales: UnsafeMutablePointer<Float>, slices: Int
  ) {
    func row(_ i: Int) -> RoundedRow {
      let row = first &+ i
      // The first row again, as zeros.
      let isThere = row < validRows
      return RoundedRow(
        g + (isThere ? row &* gStride : 0), isThere ? valid : 0, count: valid,
        seed &+ UInt32(truncatingIfNeeded: firstRow &+ row) &* 0x9E37_79B1, scale: scales + i,
        slices: slices)
    }
    r0 = row(0)
    r1 = row(1)
    r2 = row(2)
    r3 = row(3)
  }

  /// Codes of group `i`, which is `group` of all outputs.
  @inline(__always) func bytes(_ i: Int, _ group: Int) -> WordVector {
    (r0.code(i, group) & 0xFF) | ((r1.code(i, group) & 0xFF) &<< 8)
      | ((r2.code(i, group) & 0xFF) &<< 16) | (r3.code(i, group) &<< 24)
  }

  /// The high and the low bytes of codes of sixteen bits, the low ones as signed.
  @inline(__always) func pairs(_ i: Int, _ group: Int) -> (WordVector, WordVector) {
    let flip = UInt32(zeroPoint) &* 0x0101_0101
    let (a, b, c, d) = (
      r0.code(i, group), r1.code(i, group), r2.code(i, group), r3.code(i, group)
    )
    @inline(__always) func join(_ shift: UInt32, _ add: UInt32) -> WordVector {
      let (a, b, c, d) = (a &+ add, b &+ add, c &+ add, d &+ add)
      return ((a &>> shift) & 0xFF) | (((b &>> shift) & 0xFF) &<< 8)
        | (((c &>> shift) & 0xFF) &<< 16) | ((d &>> shift) &<< 24)
    }
    return (join(8, 128) ^ flip, join(0, 0) ^ flip)
  }
}

/// A row's gradients of a sum, and what makes codes of them.
private struct RoundedRow {
  private let g: UnsafePointer<Float>
  private let valid: Int
  private let inverse: Float
  private let shift: Float
  private let noise: UInt32

  /// Writes what a step is, NaN where a number is not finite. `valid` numbers are there, of `count`.
  @inline(__always) init(
    _ g: UnsafePointer<Float>, _ valid: Int, count: Int, _ noise: UInt32,
    scale: UnsafeMutablePointer<Float>, slices: Int
  ) {
    let largest = Float(bitPattern: largestBits(g, valid))
    let isFinite = largest < .infinity
    let bound = isFinite ? (largest < least ? least : largest) : 1
    scale[0] = isFinite ? bound / steps : .nan
    self.g = g
    self.valid = valid
    // What is not there is not read, and so that no row needs a way of its own, times zero.
    inverse = valid == 0 ? 0 : steps / bound * (slices == 2 ? 256 : 1)
    shift = 0x1.8p23 + (slices == 2 ? 0 : zeroPoint)
    self.noise = mixed(noise)
  }

  /// The code of each number of group `i` in the low bits.
  @inline(__always) func code(_ i: Int, _ group: Int) -> WordVector {
    let left = valid &- 16 &* i
    let values = left >= 16 ? g.vector(16 &* i) : left > 0 ? loadRows(g + 16 &* i, left) : .zero
    let scaled = values * FloatVector(repeating: inverse) + fraction(group)
    return unsafeBitCast(scaled + FloatVector(repeating: shift), to: WordVector.self)
  }

  /// Numbers from -1/2 to just below 1/2, of 16 bits: two groups share a hash.
  @inline(__always) private func fraction(_ group: Int) -> FloatVector {
    let lanes = WordVector(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    let first = noise &+ UInt32(truncatingIfNeeded: 16 &* (group &>> 1))
    let hash = mixed(WordVector(repeating: first) &+ lanes)
    let bits = group & 1 == 0 ? hash & 0xFFFF : hash &>> 16
    // The middle of a 2^16th of the numbers, in a mantissa.
    return unsafeBitCast((bits &<< 7) | 0x3F80_0040, to: FloatVector.self)
      - FloatVector(repeating: 1.5)
  }
}

/// Bits of the largest magnitude; those of infinities and NaNs are above all others.
@inline(__always) private func largestBits(_ g: UnsafePointer<Float>, _ count: Int) -> UInt32 {
  var a = WordVector.zero
  var b = WordVector.zero
  @inline(__always) func bits(_ v: FloatVector) -> WordVector {
    unsafeBitCast(v, to: WordVector.self) & 0x7FFF_FFFF
  }
  var m = 0
  while m &+ 32 <= count {
    let (x, y) = (bits(g.vector(m)), bits(g.vector(m &+ 16)))
    a = a.replacing(with: x, where: a .< x)
    b = b.replacing(with: y, where: b .< y)
    m &+= 32
  }
  while m < count {
    let x = bits(loadRows(g + m, count &- m))
    a = a.replacing(with: x, where: a .< x)
    m &+= 16
  }
  a = a.replacing(with: b, where: a .< b)
  let c = a.lowHalf.replacing(with: a.highHalf, where: a.lowHalf .< a.highHalf)
  let d = c.lowHalf.replacing(with: c.highHalf, where: c.lowHalf .< c.highHalf)
  return max(max(d.x, d.y), max(d.z, d.w))
}

/// A hash of 32 bits, one to one (constants of C. Wellons, "Prospecting for hash functions").
@inline(__always) private func mixed(_ x: UInt32) -> UInt32 {
  var x = x
  x = (x ^ (x &>> 16)) &* 0x7FEB_352D
  x = (x ^ (x &>> 15)) &* 0x846C_A68B
  return x ^ (x &>> 16)
}

/// Of each lane.
@inline(__always) private func mixed(_ x: WordVector) -> WordVector {
  var x = x
  x = (x ^ (x &>> 16)) &* 0x7FEB_352D
  x = (x ^ (x &>> 15)) &* 0x846C_A68B
  return x ^ (x &>> 16)
}
