/// What the stochastic rounding of one backward pass begins from: the same seed gives the same gradients.
package struct RoundingSeed: Sendable, Equatable {
  private let bits: UInt64

  /// Equal keys, in order, give equal seeds; others as good as independent ones.
  package init(_ keys: UInt64...) {
    bits = keys.reduce(0) { RoundingSeed.mixed($0 ^ $1) }
  }

  private init(bits: UInt64) { self.bits = bits }

  /// The seed of part `part`.
  package func part(_ part: Int) -> RoundingSeed {
    RoundingSeed(bits: RoundingSeed.mixed(bits ^ UInt64(bitPattern: Int64(part))))
  }

  /// A number that is drawn with it.
  package var draw: UInt32 { word }

  /// For one product.
  var word: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }

  /// A step of SplitMix64 (Steele, Lea and Flood, 2014).
  private static func mixed(_ state: UInt64) -> UInt64 {
    var z = state &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
