/// The 32-bit Mersenne Twister: the generator that llama.cpp draws from, so that a seed means the same
/// text here and there.
///
/// Source: Matsumoto and Nishimura 1998, "Mersenne Twister: A 623-dimensionally equidistributed uniform
/// pseudo-random number generator"; constants as in ISO C++ [rand.predef], `std::mt19937`.
package struct MersenneTwister: Sendable {
  private static let size = 624
  private static let shift = 397

  private var state: [UInt32]
  private var index = size

  /// The generator of `seed`, before its first draw.
  package init(seed: UInt32) {
    state = [seed]
    state.reserveCapacity(Self.size)
    for i in 1..<Self.size {
      let last = state[i - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(i))
    }
  }

  /// The next 32 random bits.
  package mutating func next() -> UInt32 {
    if index == Self.size { twist() }
    var y = state[index]
    index += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  private mutating func twist() {
    for i in 0..<Self.size {
      let y = (state[i] & 0x8000_0000) | (state[(i + 1) % Self.size] & 0x7FFF_FFFF)
      state[i] =
        state[(i + Self.shift) % Self.size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    index = 0
  }

  /// The next number in [0, 1), made of two draws as libstdc++'s `std::uniform_real_distribution<double>`
  /// makes it: (g0 + g1 2^32) / 2^64, in double precision.
  package mutating func nextUniform() -> Double {
    let low = Double(next())
    let high = Double(next())
    let value = (low + high * 0x1p32) * 0x1p-64
    return value < 1 ? value : 1.0.nextDown
  }
}
