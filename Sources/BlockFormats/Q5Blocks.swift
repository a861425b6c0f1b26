/// Q5_0 and Q5_1: 32 five-bit codes under one scale, symmetric or with an offset.
///
/// ```
/// struct block_q5_0 {   // 22 bytes, 32 elements: value = d * (q - 16)
///   half    d;          // at 0
///   uint8_t qh[4];      // at 2: bit i of the little-endian word is the fifth bit of element i
///   uint8_t qs[16];     // at 6: low nibbles are elements 0...15, high nibbles 16...31
/// };
/// struct block_q5_1 {   // 24 bytes, 32 elements: value = d * q + m
///   half    d, m;       // at 0, 2
///   uint8_t qh[4];      // at 4: as above
///   uint8_t qs[16];     // at 8
/// };
/// ```
extension ReferenceBlocks {
  static func decodeQ5_0(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block)
    forEachCode(block + 2) { i, code in values[i] = Float(Int(code) - 16) * d }
  }

  static func decodeQ5_1(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block)
    let m = loadHalf(block + 2)
    forEachCode(block + 4) { i, code in values[i] = Float(code) * d + m }
  }

  /// The scale takes the element of largest magnitude, the first of equals, to -16.
  static func encodeQ5_0(_ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    var largest: Float = 0
    var extreme: Float = 0
    for i in 0..<32 where largest < values[i].magnitude {
      largest = values[i].magnitude
      extreme = values[i]
    }
    let d = extreme / -16
    let inverse = d == 0 ? 0 : 1 / d
    storeHalf(d, block)
    storeCodes(block + 2) { i in
      let shifted = values[i] * inverse + 16.5
      return shifted.isFinite ? UInt8(min(max(shifted, 0), 31)) : 0
    }
  }

  /// The scale and offset take the smallest element to 0 and the largest to 31. A code is one to a byte
  /// before it is cut to five bits, as C has it.
  static func encodeQ5_1(_ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    var smallest = Float.greatestFiniteMagnitude
    var largest = -Float.greatestFiniteMagnitude
    for i in 0..<32 {
      if values[i] < smallest { smallest = values[i] }
      if values[i] > largest { largest = values[i] }
    }
    let d = (largest - smallest) / 31
    let inverse = d == 0 ? 0 : 1 / d
    storeHalf(d, block)
    storeHalf(smallest, block + 2)
    storeCodes(block + 4) { i in
      let shifted = (values[i] - smallest) * inverse + 0.5
      return shifted.isFinite ? UInt8(min(max(shifted, 0), 255)) & 31 : 0
    }
  }

  /// Hands each element's code to `body`, given the fifth bits and the nibbles after them.
  private static func forEachCode(_ codes: UnsafeRawPointer, _ body: (Int, UInt8) -> Void) {
    let fifths = UInt32(littleEndian: codes.loadUnaligned(as: UInt32.self))
    for i in 0..<32 {
      let pair = codes.load(fromByteOffset: 4 + i % 16, as: UInt8.self)
      body(i, (i < 16 ? pair & 0xF : pair >> 4) | UInt8(fifths >> UInt32(i) & 1) << 4)
    }
  }

  private static func storeCodes(_ bytes: UnsafeMutableRawPointer, code: (Int) -> UInt8) {
    var fifths: UInt32 = 0
    for j in 0..<16 {
      let (low, high) = (code(j), code(j + 16))
      fifths |= UInt32(low >> 4) << UInt32(j) | UInt32(high >> 4) << UInt32(j + 16)
      bytes.storeBytes(of: low & 0xF | (high & 0xF) << 4, toByteOffset: 4 + j, as: UInt8.self)
    }
    bytes.storeBytes(of: fifths.littleEndian, as: UInt32.self)
  }
}
