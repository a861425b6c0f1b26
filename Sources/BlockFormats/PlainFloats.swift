/// Formats without blocks: each element is one little-endian number.
///
/// | format | bytes | element          |
/// |--------|-------|------------------|
/// | F32    | 4     | IEEE single      |
/// | F16    | 2     | IEEE half        |
/// | BF16   | 2     | upper half of F32|
extension ReferenceBlocks {
  static func decodeF32(_ block: UnsafeRawPointer, _ value: UnsafeMutablePointer<Float>) {
    let bits = block.loadUnaligned(as: UInt32.self)
    value.pointee = Float(bitPattern: UInt32(littleEndian: bits))
  }

  static func decodeF16(_ block: UnsafeRawPointer, _ value: UnsafeMutablePointer<Float>) {
    value.pointee = loadHalf(block)
  }

  static func decodeBF16(_ block: UnsafeRawPointer, _ value: UnsafeMutablePointer<Float>) {
    let bits = block.loadUnaligned(as: UInt16.self)
    value.pointee = Float(BFloat16(bits: UInt16(littleEndian: bits)))
  }

  static func encodeF32(_ value: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    block.storeBytes(of: value.pointee.bitPattern.littleEndian, as: UInt32.self)
  }

  static func encodeF16(_ value: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    storeHalf(value.pointee, block)
  }

  static func encodeBF16(_ value: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    block.storeBytes(of: BFloat16(value.pointee).bits.littleEndian, as: UInt16.self)
  }

  /// The little-endian half at `bytes`, as blocks keep their scales.
  static func loadHalf(_ bytes: UnsafeRawPointer) -> Float {
    Float(Half(bits: UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self))))
  }

  /// Rounds `value` to a half and stores it little-endian.
  static func storeHalf(_ value: Float, _ bytes: UnsafeMutableRawPointer) {
    bytes.storeBytes(of: Half(value).bits.littleEndian, as: UInt16.self)
  }
}
