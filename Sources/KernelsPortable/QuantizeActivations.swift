import KernelInterface

/// q = round(x / d) with d = max |x| / 127 over each block of 32, the format of ggml's Q8_0 but for
/// the scale, which stays f32. Layout and offsets: `KernelTable` and `OffsetKind`.
func quantizeActivations(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ validRows: Int, _ tile: Int, _ blocks: Int,
  _ offsetKind: Int, _ codes: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
  _ offsets: UnsafeMutablePointer<Int32>
) {
  for row in 0..<tile {
    guard row < validRows else {
      for block in 0..<blocks {
        let at = block &* tile &+ row
        for i in 0..<32 { codes[at &* 32 &+ i] = 0 }
        scales[at] = 0
        offsets[at] = 0
      }
      continue
    }
    let source = x + row &* xStride
    for block in 0..<blocks {
      let at = block &* tile &+ row
      let low = source.vector(block &* 32)
      let high = source.vector(block &* 32 &+ 16)
      let peak = largest(maximum(magnitude(low), magnitude(high)))
      let scale = peak / 127
      // Infinite when the peak is zero or below 3.8e-37: such a block counts as zeros.
      let reciprocal = 127 / peak
      let inverse = FloatVector(repeating: reciprocal < .infinity ? reciprocal : 0)
      let lowCodes = roundToInt(low * inverse)
      let highCodes = roundToInt(high * inverse)
      storeBytes(lowCodes, codes + at &* 32)
      storeBytes(highCodes, codes + (at &* 32 &+ 16))
      scales[at] = scale
      let total = sum(lowCodes &+ highCodes)
      switch offsetKind {
      case 0: offsets[at] = -8 &* total
      case 1: offsets[at] = -128 &* total
      default: offsets[at] = Int32(bitPattern: (scale * Float(total)).bitPattern)
      }
    }
  }
}

@inline(__always) private func storeBytes(_ v: IntVector, _ p: UnsafeMutablePointer<Int8>) {
  var bytes = SIMD16<Int8>()
  for i in 0..<16 { bytes[i] = Int8(truncatingIfNeeded: v[i]) }
  UnsafeMutableRawPointer(p).storeBytes(of: bytes, as: SIMD16<Int8>.self)
}

@inline(__always) private func sum(_ v: IntVector) -> Int32 {
  let a = v.lowHalf &+ v.highHalf
  let b = a.lowHalf &+ a.highHalf
  let c = b.lowHalf &+ b.highHalf
  return c.x &+ c.y
}
