/// Q2_K and Q3_K: 256 elements in 16 sub-blocks of 16, codes of two and three bits.
///
/// ```
/// struct block_q2_K {      // 84 bytes
///   uint8_t scales[16];    // at 0: low nibble the scale, high nibble the minimum of a sub-block
///   uint8_t qs[64];        // at 16: 32 bytes for each 128 elements, of which each 32 have two bits
///   half    d, dmin;       // at 80, 82
/// };                       // value = (d * scale) * q - (dmin * minimum)
/// struct block_q3_K {      // 110 bytes
///   uint8_t hmask[32];     // at 0: bit s of byte i is the third bit of element i of 32-block s
///   uint8_t qs[64];        // at 32: low two bits, as above
///   uint8_t scales[12];    // at 96: 16 scales of six bits, see `scaleOfSixteen`
///   half    d;             // at 108
/// };                       // value = (d * (scale - 32)) * (q - 4)
/// ```
extension ReferenceBlocks {
  static func decodeQ2_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block + 80)
    let dmin = loadHalf(block + 82)
    for subBlock in 0..<16 {
      let pair = block.load(fromByteOffset: subBlock, as: UInt8.self)
      let step = d * Float(pair & 0xF)
      let offset = dmin * Float(pair >> 4)
      for i in 16 * subBlock..<16 * subBlock + 16 {
        values[i] = step * Float(bitPair(of: block + 16, i)) - offset
      }
    }
  }

  static func decodeQ3_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block + 108)
    for subBlock in 0..<16 {
      let step = d * Float(Int(scaleOfSixteen(subBlock, of: block + 96)) - 32)
      for i in 16 * subBlock..<16 * subBlock + 16 {
        let third = block.load(fromByteOffset: i % 32, as: UInt8.self) >> UInt8(i / 32) & 1
        values[i] = step * Float(Int(bitPair(of: block + 32, i) | third << 2) - 4)
      }
    }
  }

  /// Scale `index` (0...15) of Q3_K's twelve bytes: its low four bits are a nibble of bytes 0...7, low
  /// ones first, its upper two pair `index / 4` of byte 8 + `index` % 4.
  package static func scaleOfSixteen(_ index: Int, of packed: UnsafeRawPointer) -> UInt8 {
    precondition(0..<16 ~= index)
    let pair = packed.load(fromByteOffset: index % 8, as: UInt8.self)
    let upper = packed.load(fromByteOffset: 8 + index % 4, as: UInt8.self)
    return (index < 8 ? pair & 0xF : pair >> 4) | (upper >> UInt8(2 * (index / 4)) & 3) << 4
  }

  /// Two bits of element i: each 128 elements share 32 bytes, of which each 32 have a pair of bits.
  private static func bitPair(of codes: UnsafeRawPointer, _ i: Int) -> UInt8 {
    codes.load(fromByteOffset: i / 128 * 32 + i % 32, as: UInt8.self) >> UInt8(i / 32 % 4 * 2) & 3
  }
}
