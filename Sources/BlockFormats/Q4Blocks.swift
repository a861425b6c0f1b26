/// Q4_0 and Q4_1: 32 four-bit codes under one scale, symmetric or with an offset.
///
/// ```
/// struct block_q4_0 {   // 18 bytes, 32 elements: value = d * (q - 8)
///   half    d;          // at 0
///   uint8_t qs[16];     // at 2: low nibbles are elements 0...15, high nibbles 16...31
/// };
/// struct block_q4_1 {   // 20 bytes, 32 elements: value = d * q + m
///   half    d, m;       // at 0, 2
///   uint8_t qs[16];     // at 4: as above
/// };
/// ```
extension ReferenceBlocks {
  static func decodeQ4_0(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block)
    for j in 0..<16 {
      let pair = block.load(fromByteOffset: 2 + j, as: UInt8.self)
      values[j] = Float(Int(pair & 0xF) - 8) * d
      values[j + 16] = Float(Int(pair >> 4) - 8) * d
    }
  }

  static func decodeQ4_1(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block)
    let m = loadHalf(block + 2)
    for j in 0..<16 {
      let pair = block.load(fromByteOffset: 4 + j, as: UInt8.self)
      values[j] = Float(pair & 0xF) * d + m
      values[j + 16] = Float(pair >> 4) * d + m
    }
  }

  /// The scale takes the element of largest magnitude, the first of equals, to -8, so that this
  /// end of the range is exact and the other is cut at 7.
  static func encodeQ4_0(_ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    var largest: Float = 0
    var extreme: Float = 0
    for i in 0..<32 where largest < values[i].magnitude {
      largest = values[i].magnitude
      extreme = values[i]
    }
    let d = extreme / -8  // -0 for a block of zeros: ggml stores that sign too
    let inverse = d == 0 ? 0 : 1 / d
    storeHalf(d, block)
    storeNibbles(block + 2) { i in code(values[i] * inverse + 8.5) }
  }

  /// The scale and offset take the smallest element to 0 and the largest to 15.
  static func encodeQ4_1(_ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    var smallest = Float.greatestFiniteMagnitude
    var largest = -Float.greatestFiniteMagnitude
    for i in 0..<32 {
      if values[i] < smallest { smallest = values[i] }
      if values[i] > largest { largest = values[i] }
    }
    let d = (largest - smallest) / 15
    let inverse = d == 0 ? 0 : 1 / d
    storeHalf(d, block)
    storeHalf(smallest, block + 2)
    storeNibbles(block + 4) { i in code((values[i] - smallest) * inverse + 0.5) }
  }

  /// Rounding is the caller's added half, then this cut: `min(15, (int8_t) shifted)`.
  private static func code(_ shifted: Float) -> UInt8 {
    shifted.isFinite ? UInt8(min(max(shifted, 0), 15)) : 0
  }

  private static func storeNibbles(_ bytes: UnsafeMutableRawPointer, code: (Int) -> UInt8) {
    for j in 0..<16 {
      bytes.storeBytes(of: code(j) | code(j + 16) << 4, toByteOffset: j, as: UInt8.self)
    }
  }
}
