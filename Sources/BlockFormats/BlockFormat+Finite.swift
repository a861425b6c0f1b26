extension BlockFormat {
  /// Whether whole blocks hold no infinity or NaN: plain elements are looked at, and of quantized
  /// blocks the halves, or exponents, that scale their codes, which is all there is that could be none.
  public func isFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .f32: bytes.isFree(UInt32.self, of: 0x7F80_0000, every: 4, at: 0)
    case .bf16: bytes.isFree(UInt16.self, of: 0x7F80, every: 2, at: 0)
    case .f16, .q4_0, .q5_0, .q8_0, .iq4_NL, .iq4_XS:
      bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 0)
    case .q4_1, .q5_1, .q4_K, .q5_K:
      bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 0)
        && bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 2)
    case .q2_K:
      bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 80)
        && bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 82)
    case .q3_K: bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 108)
    case .mxfp4:
      // The standard's NaN is 255; with 253 and 254 the largest code is infinite as a Float.
      stride(from: 0, to: bytes.count, by: bytesPerBlock).allSatisfy { bytes[$0] < 253 }
    case .q6_K: bytes.isFree(UInt16.self, of: 0x7C00, every: bytesPerBlock, at: 208)
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether no number at `offset` of every `stride` bytes has all bits of `exponent`.
  fileprivate func isFree<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, of exponent: T, every stride: Int, at offset: Int
  ) -> Bool {
    var isFree = true
    for start in Swift.stride(from: offset, to: count, by: stride) {
      let bits = T(littleEndian: loadUnaligned(fromByteOffset: start, as: T.self))
      isFree = isFree && bits & exponent != exponent
    }
    return isFree
  }
}
