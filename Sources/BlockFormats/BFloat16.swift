/// A brain floating-point number: the upper 16 bits of a `Float`, that is 1 sign, 8 exponent and
/// 7 fraction bits.
public struct BFloat16: Hashable, Sendable, BitwiseCopyable {
  /// The encoding: sign in bit 15, biased exponent in bits 7-14, fraction in bits 0-6.
  public var bits: UInt16

  /// The number whose encoding is `bits`.
  @inlinable
  public init(bits: UInt16) { self.bits = bits }

  /// The number nearest to `value`, ties to the even fraction. Magnitudes too large become
  /// infinity; a NaN stays one, quiet (as `ggml_compute_fp32_to_bf16` has it).
  @inlinable
  public init(_ value: Float) {
    let pattern = value.bitPattern
    if value.isNaN {
      bits = UInt16(truncatingIfNeeded: pattern >> 16) | 0x0040
    } else {
      let toEven = (pattern >> 16) & 1
      bits = UInt16(truncatingIfNeeded: (pattern + 0x7FFF + toEven) >> 16)
    }
  }
}

extension Float {
  /// The value of `number`, exactly.
  @inlinable
  public init(_ number: BFloat16) {
    self = Float(bitPattern: UInt32(number.bits) << 16)
  }
}
