/// Q4_K, Q5_K and Q6_K: 256 elements in sub-blocks whose small integer scales are themselves scaled
/// by a half.
///
/// ```
/// struct block_q4_K {      // 144 bytes, 256 elements: 8 sub-blocks of 32
///   half    d, dmin;       // at 0, 2: scales of the scales and of the minima
///   uint8_t scales[12];    // at 4: 8 scales and 8 minima of six bits, see `scaleAndMinimum`
///   uint8_t qs[128];       // at 16: 32 bytes per two sub-blocks, low nibbles the first
/// };                       // value = (d * scale) * q - (dmin * minimum)
/// struct block_q5_K {      // 176 bytes: as Q4_K with q of five bits
///   half    d, dmin;       // at 0, 2
///   uint8_t scales[12];    // at 4
///   uint8_t qh[32];        // at 16: bit s of byte i is the fifth bit of element i of sub-block s
///   uint8_t qs[128];       // at 48
/// };
/// struct block_q6_K {      // 210 bytes, 256 elements: 16 sub-blocks of 16
///   uint8_t ql[128];       // at 0: low four bits
///   uint8_t qh[64];        // at 128: high two bits
///   int8_t  scales[16];    // at 192
///   half    d;             // at 208
/// };                       // value = (d * scale) * (q - 32)
/// ```
extension ReferenceBlocks {
  static func decodeQ4_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    decodeWithMinima(block, values) { subBlock, i in
      nibble(of: block + 16, subBlock, i)
    }
  }

  static func decodeQ5_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    decodeWithMinima(block, values) { subBlock, i in
      let fifth = block.load(fromByteOffset: 16 + i, as: UInt8.self) >> UInt8(subBlock) & 1
      return nibble(of: block + 48, subBlock, i) | fifth << 4
    }
  }

  /// Each half of the block, 128 elements, has 64 bytes of `ql` and 32 of `qh`. Element
  /// `32 * quarter + i` of a half takes its low bits from byte `32 * (quarter & 1) + i` of `ql`
  /// (low nibbles serve the first two quarters) and its high bits from pair `quarter` of byte i of
  /// `qh`.
  static func decodeQ6_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block + 208)
    for element in 0..<256 {
      let (half, quarter, i) = (element / 128, element / 32 % 4, element % 32)
      let lowByte = block.load(
        fromByteOffset: 64 * half + 32 * (quarter & 1) + i, as: UInt8.self)
      let low = quarter < 2 ? lowByte & 0xF : lowByte >> 4
      let highByte = block.load(fromByteOffset: 128 + 32 * half + i, as: UInt8.self)
      let high = highByte >> UInt8(2 * quarter) & 3
      let scale = block.load(fromByteOffset: 192 + element / 16, as: Int8.self)
      values[element] = d * Float(scale) * Float(Int(low | high << 4) - 32)
    }
  }

  /// Scale and minimum `index` (0...7) of the twelve bytes that Q4_K and Q5_K share. The first four
  /// of each are the low six bits of bytes 0...3 and 4...7; the last four have their low nibbles in
  /// bytes 8...11 (scales low, minima high) and their two upper bits on top of the first four.
  package static func scaleAndMinimum(
    _ index: Int, of packed: UnsafeRawPointer
  ) -> (scale: UInt8, minimum: UInt8) {
    precondition(0..<8 ~= index)
    func byte(_ i: Int) -> UInt8 { packed.load(fromByteOffset: i, as: UInt8.self) }
    if index < 4 {
      return (byte(index) & 0x3F, byte(index + 4) & 0x3F)
    }
    return (
      byte(index + 4) & 0x0F | (byte(index - 4) & 0xC0) >> 2,
      byte(index + 4) >> 4 | (byte(index) & 0xC0) >> 2
    )
  }

  private static func decodeWithMinima(
    _ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>,
    code: (_ subBlock: Int, _ element: Int) -> UInt8
  ) {
    let d = loadHalf(block)
    let dmin = loadHalf(block + 2)
    for subBlock in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(subBlock, of: block + 4)
      let step = d * Float(scale)
      let offset = dmin * Float(minimum)
      for i in 0..<32 {
        values[32 * subBlock + i] = step * Float(code(subBlock, i)) - offset
      }
    }
  }

  /// Two sub-blocks share 32 bytes: the even one has the low nibbles.
  private static func nibble(
    of codes: UnsafeRawPointer, _ subBlock: Int, _ i: Int
  ) -> UInt8 {
    let byte = codes.load(fromByteOffset: subBlock / 2 * 32 + i, as: UInt8.self)
    return subBlock % 2 == 0 ? byte & 0xF : byte >> 4
  }
}
