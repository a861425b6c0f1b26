// From packed groups back to f32, sixteen rows to a vector and one vector a column: the panel that
// the exact path multiplies with.

import BlockFormats
import KernelInterface

/// `LinearKernels.DequantizePanel`: columns k0..<k0+count to `[column][16]`, `stride` floats apart.
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
  case .q4_0: blockPanel(Q4_0Block.self, group, k0, count, panel, stride)
  case .q4_1: blockPanel(Q4_1Block.self, group, k0, count, panel, stride)
  case .q5_0: blockPanel(Q5_0Block.self, group, k0, count, panel, stride)
  case .q5_1: blockPanel(Q5_1Block.self, group, k0, count, panel, stride)
  case .q8_0: blockPanel(Q8_0Block.self, group, k0, count, panel, stride)
  case .iq4_NL: blockPanel(IQ4_NLBlock.self, group, k0, count, panel, stride)
  case .mxfp4: blockPanel(MXFP4Block.self, group, k0, count, panel, stride)
  case .q2_K: blockPanel(Q2_KBlock.self, group, k0, count, panel, stride)
  case .q3_K: blockPanel(Q3_KBlock.self, group, k0, count, panel, stride)
  case .q4_K: blockPanel(Q4_KBlock.self, group, k0, count, panel, stride)
  case .q5_K: blockPanel(Q5_KBlock.self, group, k0, count, panel, stride)
  case .q6_K: blockPanel(Q6_KBlock.self, group, k0, count, panel, stride)
  case .iq4_XS: blockPanel(IQ4_XSBlock.self, group, k0, count, panel, stride)
  }
}

/// A step times a code has at most 24 bits in every format, so whether a minimum is added to it fused or
/// not changes nothing.
@inline(__always) private func blockPanel<F: IntegerBlock>(
  _: F.Type, _ group: UnsafeRawPointer, _ k0: Int, _ count: Int,
  _ panel: UnsafeMutablePointer<Float>, _ stride: Int
) {
  for block in 0..<count / 32 {
    let place = F.place(group, k0 / 32 &+ block)
    let steps = F.steps(place)
    for j in 0..<8 {
      let words = unsafeBitCast(F.words(place, j), to: IntVector.self)
      let step = j < 4 ? steps.first : steps.last
      let minimum = j < 4 ? steps.minimum : steps.lastMinimum
      for t in 0..<4 {
        let code = toFloat(
          ((words &>> Int32(truncatingIfNeeded: 8 &* t)) & 255) &- F.zeroPoint)
        panel.store(
          F.hasZeroPoint ? code * step : multiplyAdd(code, step, minimum),
          at: (32 &* block &+ 4 &* j &+ t) &* stride)
      }
    }
  }
}
