import EditEvaluation
import EditStudies
import Testing

/// Maps over blocks that were measured with an error of known size.
@Suite struct MapAgreementTests {
  /// A map with two bumps, and what stands on every part of it when it is measured.
  private func halves(_ map: [Double], error: Double, seed: UInt64) -> [[Double]] {
    var state = seed
    func next() -> Double {
      // Of a linear congruence (Knuth), its upper half as a part of 1.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / Double(1 << 31) - 0.5
    }
    return (0..<2).map { _ in map.map { $0 + error * next() } }
  }

  private let map = (0..<40).map { x -> Double in
    let (a, b) = (Double(x - 10) / 4, Double(x - 27) / 6)
    return 1 / (1 + a * a) + 0.6 / (1 + b * b)
  }

  /// What errors take from the correlation of a map with itself is given back; of another one it stays small.
  @Test func plantedMapsAreFound() throws {
    var (plain, corrected, other) = (0.0, 0.0, 0.0)
    for seed in UInt64(1)...20 {
      let x = halves(map, error: 0.5, seed: seed)
      let same = try #require(
        MapAgreement(x, halves(map, error: 0.5, seed: seed + 100)))
      plain += same.correlation / 20
      corrected += try #require(same.corrected(same.correlation)) / 20
      #expect(same.shiftProbability <= 0.05)
      let shifted = Array(map[20...] + map[..<20])
      let strange = try #require(MapAgreement(x, halves(shifted, error: 0.5, seed: seed + 100)))
      other += strange.correlation / 20
      #expect(strange.shiftProbability > 0.5)
    }
    // NumPy has 0.82, 0.97 and 0.15 of the same numbers.
    #expect(abs(plain - 0.82) < 0.01 && abs(corrected - 0.97) < 0.01 && abs(other - 0.15) < 0.01)
  }

  @Test func whatCannotBeToldIsNil() throws {
    #expect(MapAgreement([[1, 1, 1], [2, 2, 2]], [[1, 2, 3], [1, 2, 3]]) == nil)
    // Halves that have nothing in common.
    let found = try #require(
      MapAgreement([[1, 2, 3, 4], [4, 3, 2, 1.5]], [[1, 2, 3, 4], [1, 2, 3, 4]]))
    #expect(found.reliabilities.x == nil || found.reliabilities.x! < 0)
    #expect(found.undecided != nil && found.corrected(0.5) == nil)
    // A reliability from elsewhere takes the place of that of the halves.
    let known = try #require(
      MapAgreement(
        [[1, 2, 3, 4], [1, 2, 3, 4]], [[1, 2, 4, 3], [1, 2, 4, 3]], reliabilities: (0.64, nil)))
    #expect(known.undecided == nil)
    #expect(abs(try #require(known.corrected(0.4)) - 0.5) < 1e-12)
  }

  /// Two sets are drawn each by itself: the interval of a sum of means is that of both.
  @Test func setsAreDrawnAlone() throws {
    let bootstrap = Bootstrap(resamples: 400, seed: 3)
    let values = (0..<30).map(Double.init)
    func mean(_ times: [Int]) -> Double { drawn(values, times) / Double(times.reduce(0, +)) }
    func drawn(_ values: [Double], _ times: [Int]) -> Double {
      zip(values, times).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let one = try #require(bootstrap.estimates(count: 30) { [mean($0)] }[0])
    let same = try #require(
      bootstrap.estimates(of: [(30, []), (30, [])]) { [mean($0[0]) - mean($0[1])] }[0])
    let (a, b) = (
      try #require(one.high) - (try #require(one.low)),
      try #require(same.high) - (try #require(same.low))
    )
    #expect(same.value == 0 && abs(b / a - 2.0.squareRoot()) < 0.2)
  }
}
