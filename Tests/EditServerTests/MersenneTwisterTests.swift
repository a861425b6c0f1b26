import EditServer
import Testing

/// The numbers are those of GCC 12's libstdc++: `std::mt19937 g(42)` and
/// `std::uniform_real_distribution<double>(0, 1)`.
@Suite struct MersenneTwisterTests {
  /// The value that ISO C++ gives for the default seed.
  @Test func isTheStandards() {
    var generator = MersenneTwister(seed: 5489)
    for _ in 0..<9999 { _ = generator.next() }
    #expect(generator.next() == 4_123_659_995)
  }

  @Test func isUniformAsLibstdcxx() {
    var generator = MersenneTwister(seed: 42)
    let wanted = [
      0.79654298428784598, 0.18343478789336848, 0.77969099761266125, 0.59685016158005655,
      0.44583275754843343,
    ]
    for value in wanted { #expect(generator.nextUniform() == value) }
    generator = MersenneTwister(seed: 0)
    for _ in 0..<400 { _ = generator.nextUniform() }
    #expect(generator.nextUniform() == 0.53627453753754017)
  }
}
