// From packed groups back to f32, sixteen rows to a vector and one vector a column: the panel that
// the exact path multiplies with.

import BlockFormats
import KernelInterface

/// `KernelTable.DequantizePanel`: columns k0..<k0+count to `[column][16]`, `stride` floats apart.
/// k0 is a multiple of 32 (of 256 for the superblock formats), and so is count except for plain
/// formats.
@inline(__always) func dequantizePanel(
  _ format: BlockFormat, _ group: UnsafeRawPointer, _ k: Int, _ k0: Int, _ count: Int,
  _ panel: UnsafeMutablePointer<Float>, _ stride: Int
) {
  switch format {
  case .f32:
    for i in 0..<count { panel.store((group + (k0 &+ i) &* 64).floats(), at: i &* stride) }
  case .f16:
    for i in 0..<count { panel.store(halves(group + (k0 &+ i) &* 32), at: i &* stride) }
  case .bf16:
    for i in 0..<count { panel.store(brainHalves(group + (k0 &+ i) &* 32), at: i &* stride) }
  case .q4_0:
    for block in 0..<count / 32 {
      let packed = group + (k0 / 32 &+ block) &* 288
      let d = halves(packed)
      nibblePanel(packed + 32, panel + block &* 32 &* stride, stride) { code, _ in
        toFloat(code &- 8) * d
      }
    }
  case .q4_1:
    for block in 0..<count / 32 {
      let packed = group + (k0 / 32 &+ block) &* 320
      let d = halves(packed)
      let m = halves(packed + 32)
      nibblePanel(packed + 64, panel + block &* 32 &* stride, stride) { code, _ in
        multiplyAdd(toFloat(code), d, m)
      }
    }
  case .q8_0:
    for block in 0..<count / 32 {
      let packed = group + (k0 / 32 &+ block) &* 544
      bytePanel(packed + 32, panel + block &* 32 &* stride, stride, halves(packed))
    }
  case .q4_K:
    for s in 0..<count / 256 {
      affinePanel(
        group + (k0 / 256 &+ s) &* PackedLayout.q4_KSuperblock, false, panel + s &* 256 &* stride,
        stride)
    }
  case .q5_K:
    for s in 0..<count / 256 {
      affinePanel(
        group + (k0 / 256 &+ s) &* PackedLayout.q5_KSuperblock, true, panel + s &* 256 &* stride,
        stride)
    }
  case .q6_K:
    for s in 0..<count / 256 {
      q6_KPanel(
        group + (k0 / 256 &+ s) &* PackedLayout.q6_KSuperblock, panel + s &* 256 &* stride, stride)
    }
  }
}

/// One block of nibbles: `value(code, column)` for each of its 32 columns.
@inline(__always) private func nibblePanel(
  _ codes: UnsafeRawPointer, _ panel: UnsafeMutablePointer<Float>, _ stride: Int,
  _ value: (IntVector, Int) -> FloatVector
) {
  for j in 0..<4 {
    let word = unsafeBitCast(codes.words(64 &* j), to: IntVector.self)
    for t in 0..<4 {
      let low = (word &>> Int32(truncatingIfNeeded: 8 &* t)) & 15
      let high = (word &>> Int32(truncatingIfNeeded: 8 &* t &+ 4)) & 15
      panel.store(value(low, 4 &* j &+ t), at: (4 &* j &+ t) &* stride)
      panel.store(value(high, 16 &+ 4 &* j &+ t), at: (16 &+ 4 &* j &+ t) &* stride)
    }
  }
}

@inline(__always) private func bytePanel(
  _ codes: UnsafeRawPointer, _ panel: UnsafeMutablePointer<Float>, _ stride: Int,
  _ d: FloatVector
) {
  for j in 0..<8 {
    let word = unsafeBitCast(codes.words(64 &* j), to: IntVector.self)
    for t in 0..<4 {
      let code = (word &>> Int32(truncatingIfNeeded: 8 &* t)) & 255
      panel.store(toFloat(code &- 128) * d, at: (4 &* j &+ t) &* stride)
    }
  }
}

@inline(__always) func unsignedBytes(_ p: UnsafeRawPointer) -> FloatVector {
  let b = p.loadUnaligned(as: SIMD16<UInt8>.self)
  var r = FloatVector()
  for i in 0..<16 { r[i] = Float(Int32(b[i])) }
  return r
}

@inline(__always) func signedBytes(_ p: UnsafeRawPointer) -> FloatVector {
  let b = p.loadUnaligned(as: SIMD16<Int8>.self)
  var r = FloatVector()
  for i in 0..<16 { r[i] = Float(Int32(b[i])) }
  return r
}

@inline(__always) private func affinePanel(
  _ superblock: UnsafeRawPointer, _ fifthBits: Bool, _ panel: UnsafeMutablePointer<Float>,
  _ stride: Int
) {
  let d = halves(superblock)
  let dMinimum = halves(superblock + 32)
  for block in 0..<8 {
    let target = panel + block &* 32 &* stride
    let start = superblock + (64 &+ PackedLayout.q5_KBlock &* block)
    let scales = fifthBits ? start : superblock + (64 &+ 16 &* block)
    let scale = d * unsignedBytes(scales)
    let minimum = dMinimum * unsignedBytes(scales + (fifthBits ? 16 : 128))
    if fifthBits {
      let fifths = unsafeBitCast(start.words(288), to: IntVector.self)
      nibblePanel(start + 32, target, stride) { code, column in
        let place = 8 &* (column & 3) &+ column &>> 2
        let fifth = (fifths &>> Int32(truncatingIfNeeded: place)) & 1
        return toFloat(code | (fifth &<< 4)) * scale - minimum
      }
    } else {
      nibblePanel(superblock + (320 &+ 256 &* block), target, stride) { code, _ in
        toFloat(code) * scale - minimum
      }
    }
  }
}

@inline(__always) private func q6_KPanel(
  _ superblock: UnsafeRawPointer, _ panel: UnsafeMutablePointer<Float>, _ stride: Int
) {
  let d = halves(superblock)
  for block in 0..<8 {
    let start = superblock + (32 &+ PackedLayout.q6_KBlock &* block)
    let lowScale = d * signedBytes(start)
    let highScale = d * signedBytes(start + 16)
    let lowPairs = unsafeBitCast(start.words(288), to: IntVector.self)
    let highPairs = unsafeBitCast(start.words(352), to: IntVector.self)
    nibblePanel(start + 32, panel + block &* 32 &* stride, stride) { code, column in
      let first = column < 16
      let bits = first ? lowPairs : highPairs
      let place = 8 &* (column & 3) &+ 2 &* ((column & 15) &>> 2)
      let pair = (bits &>> Int32(truncatingIfNeeded: place)) & 3
      return toFloat((code | (pair &<< 4)) &- 32) * (first ? lowScale : highScale)
    }
  }
}
