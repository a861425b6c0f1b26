#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers of the standard normal distribution, each a function of its index alone, so that any
/// thread may compute any of them.
///
/// With mix = the finalizer of SplitMix64 (Steele, Lea, Flood 2014), G = 0x9E3779B97F4A7C15 and all
/// sums modulo 2^64:
///
///     key  = mix(mix(seed + G) + stream * G + G)
///     w(i) = mix(key + (i + 1) * G)
///     u    = (floor(w(2 p) / 2^11) + 1) / 2^53            in (0, 1]
///     v    = floor(w(2 p + 1) / 2^11) / 2^53              in [0, 1)
///     number 2 p     = sqrt(-2 ln u) cos(2 pi v)
///     number 2 p + 1 = sqrt(-2 ln u) sin(2 pi v)
///
/// (Box and Muller, 1958), in double precision. Systems whose ln, cos or sin differ in the last place
/// of a double differ here by as much.
public struct NormalGenerator: Sendable {
  private let key: UInt64

  /// Different streams of one seed are independent.
  public init(seed: UInt64, stream: UInt64) {
    key = Self.mix(Self.mix(seed &+ Self.gamma) &+ stream &* Self.gamma &+ Self.gamma)
  }

  /// Number `index`, from 0.
  public subscript(index: Int) -> Double {
    let pair = UInt64(index) & ~1
    let u = Double((word(pair) >> 11) + 1) * 0x1p-53
    let v = Double(word(pair + 1) >> 11) * 0x1p-53
    let radius = (-2 * log(u)).squareRoot()
    let angle = 2 * Double.pi * v
    return radius * (index % 2 == 0 ? cos(angle) : sin(angle))
  }

  private func word(_ index: UInt64) -> UInt64 { Self.mix(key &+ (index &+ 1) &* Self.gamma) }

  private static let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
