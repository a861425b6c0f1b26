/// A counter-based random generator: draw i is a hash of the seed and i, so that the same seed gives
/// the same text on every machine, whatever the standard library's generators become.
///
/// Source: SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number
/// Generators"): draw i is mix(seed + i · 0x9E3779B97F4A7C15), i = 1, 2, ...
public struct CounterGenerator: RandomNumberGenerator, Sendable {
  private var counter: UInt64

  /// The generator of `seed`, before its first draw.
  public init(seed: UInt64) { counter = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    counter &+= 0x9E37_79B9_7F4A_7C15
    var z = counter
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The next number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
