/// Q8_0: 32 signed bytes under one scale, `value[i] = d * q[i]`.
///
/// ```
/// struct block_q8_0 {   // 34 bytes, 32 elements
///   half   d;           // at 0
///   int8_t qs[32];      // at 2: one code per element, in order
/// };
/// ```
extension ReferenceBlocks {
  static func decodeQ8_0(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block)
    let codes = block + 2
    for i in 0..<32 {
      values[i] = Float(codes.load(fromByteOffset: i, as: Int8.self)) * d
    }
  }

  /// The scale takes the largest magnitude to 127; codes are rounded half away from zero, with the
  /// scale as it was before it was rounded to a half.
  static func encodeQ8_0(_ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    var largest: Float = 0
    for i in 0..<32 {
      let magnitude = values[i].magnitude
      largest = largest > magnitude ? largest : magnitude
    }
    let d = largest / 127
    let inverse = d == 0 ? 0 : 1 / d
    storeHalf(d, block)
    let codes = block + 2
    for i in 0..<32 {
      let scaled = (values[i] * inverse).rounded(.toNearestOrAwayFromZero)
      let code = scaled.isFinite ? Int8(clampedTo8Bits: scaled) : 0
      codes.storeBytes(of: code, toByteOffset: i, as: Int8.self)
    }
  }
}

extension Int8 {
  /// `value` without its fraction, kept to the range of the type.
  fileprivate init(clampedTo8Bits value: Float) {
    self = Int8(Swift.min(Swift.max(value, -128), 127))
  }
}
