/// IQ4_NL, IQ4_XS and MXFP4: four-bit codes that number the values of a table, denser around zero.
///
/// ```
/// struct block_iq4_nl { // 18 bytes, 32 elements: value = d * table[q]
///   half    d;          // at 0
///   uint8_t qs[16];     // at 2: low nibbles are elements 0...15, high nibbles 16...31
/// };
/// struct block_iq4_xs { // 136 bytes, 256 elements: 8 sub-blocks of 32, the same table
///   half     d;         // at 0
///   uint16_t scales_h;  // at 2: upper two bits of eight scales
///   uint8_t  scales_l[4];  // at 4: lower four bits, low nibbles the even ones
///   uint8_t  qs[128];   // at 8: 16 bytes for each sub-block, as above
/// };                    // value = (d * (scale - 32)) * table[q]
/// struct block_mxfp4 {  // 17 bytes, 32 elements: value = 2^(e - 128) * table[q]
///   uint8_t e;          // at 0
///   uint8_t qs[16];     // at 1: as above
/// };
/// ```
///
/// MXFP4 is of the OCP Microscaling Formats specification 1.0 (E2M1 under E8M0); its table holds twice the
/// numbers, so that they are whole, and the scale half of 2^(e - 127).
public enum CodeTable {
  /// Of IQ4_NL and IQ4_XS.
  public static let iq4: [Int8] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]
  /// Of MXFP4: 0, 0.5, 1, 1.5, 2, 3, 4 and 6, then the same with a sign, all doubled.
  public static let mxfp4: [Int8] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
}

extension ReferenceBlocks {
  static func decodeIQ4_NL(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    decodeTable(CodeTable.iq4, block + 2, scale: loadHalf(block), values)
  }

  static func decodeIQ4_XS(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let d = loadHalf(block)
    let high = UInt16(littleEndian: block.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    for i in 0..<8 {
      let pair = block.load(fromByteOffset: 4 + i / 2, as: UInt8.self)
      let low = i % 2 == 0 ? pair & 0xF : pair >> 4
      let scale = Int(low) | Int(high >> UInt16(2 * i) & 3) << 4
      decodeTable(CodeTable.iq4, block + 8 + 16 * i, scale: d * Float(scale - 32), values + 32 * i)
    }
  }

  static func decodeMXFP4(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let exponent = Int(block.load(as: UInt8.self))
    let d = Float(sign: .plus, exponent: exponent - 128, significand: 1)
    decodeTable(CodeTable.mxfp4, block + 1, scale: d, values)
  }

  private static func decodeTable(
    _ table: [Int8], _ nibbles: UnsafeRawPointer, scale: Float,
    _ values: UnsafeMutablePointer<Float>
  ) {
    for j in 0..<16 {
      let pair = nibbles.load(fromByteOffset: j, as: UInt8.self)
      values[j] = scale * Float(table[Int(pair & 0xF)])
      values[j + 16] = scale * Float(table[Int(pair >> 4)])
    }
  }
}
