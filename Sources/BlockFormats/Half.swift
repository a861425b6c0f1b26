/// An IEEE 754 half-precision number as it stands in a file: 1 sign, 5 exponent and 10 fraction
/// bits.
///
/// The conversions are integer arithmetic and give the same bits on every machine. Swift's
/// `Float16` does not exist on Intel Macs and is slow on processors without conversion
/// instructions, so it never appears in an interface.
public struct Half: Hashable, Sendable, BitwiseCopyable {
  /// The encoding: sign in bit 15, biased exponent in bits 10-14, fraction in bits 0-9.
  public var bits: UInt16

  /// The number whose encoding is `bits`.
  @inlinable
  public init(bits: UInt16) { self.bits = bits }

  /// The half nearest to `value`, ties to the even fraction. Magnitudes of 65520 and more become
  /// infinity; a NaN stays one, quiet, with its sign and the upper bits of its payload.
  @inlinable
  public init(_ value: Float) {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    let half: UInt32
    if magnitude > 0x7F80_0000 {
      half = 0x7E00 | (magnitude >> 13 & 0x01FF)
    } else if magnitude >= 0x477F_F000 {  // 65520, halfway from the largest half to 2^16
      half = 0x7C00
    } else if magnitude >= 0x3880_0000 {  // 2^-14, the smallest normal half
      // Rebase the exponent (127 - 15 = 112), then drop 13 fraction bits; a carry out of the
      // fraction moves on to the exponent, which is what rounding up to a power of two means.
      let toEven = (magnitude >> 13) & 1
      half = (magnitude - (112 << 23) + 0x0FFF + toEven) >> 13
    } else {
      // Subnormal halves are multiples of 2^-24, and so are floats from 0.5 to 1: the addition
      // rounds as needed and leaves the multiple in the low bits.
      half = (Float(bitPattern: magnitude) + 0.5).bitPattern - Float(0.5).bitPattern
    }
    bits = sign | UInt16(truncatingIfNeeded: half)
  }
}

extension Float {
  /// The value of `half`, exactly; a NaN stays one and becomes quiet.
  @inlinable
  public init(_ half: Half) {
    let sign = UInt32(half.bits & 0x8000) << 16
    let exponent = UInt32(half.bits >> 10 & 0x1F)
    let fraction = UInt32(half.bits & 0x03FF)
    switch exponent {
    case 0:
      self = Float(bitPattern: sign | (Float(fraction) * 0x1p-24).bitPattern)
    case 0x1F:
      let quiet: UInt32 = fraction == 0 ? 0 : 0x0040_0000
      self = Float(bitPattern: sign | 0x7F80_0000 | quiet | fraction << 13)
    default:
      self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
