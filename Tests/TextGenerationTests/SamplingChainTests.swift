import Foundation
import TestSupport
import Testing
import TextGeneration

/// The steps together: order, seeds, frequencies.
@Suite struct SamplingChainTests {
  private static func noise(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float.random(in: -8...8, using: &random) }
  }

  @Test func stepsComeInTheOrderOfLlamaCpp() throws {
    let chain = try SamplingChain(SamplingOptions(repetitionPenalty: 1.1))
    let names = chain.processors.map { String(describing: type(of: $0)) }
    #expect(names == ["RepetitionPenalty", "TopK", "TopP", "MinP", "Temperature"])
    #expect(
      try SamplingChain(SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0))
        .processors.isEmpty)
  }

  @Test func temperatureZeroIsGreedyWhateverTheOtherOptions() throws {
    for seed in 0..<20 as Range<UInt64> {
      let logits = Self.noise(1000, seed: seed)
      var chain = try SamplingChain(
        SamplingOptions(temperature: 0, topK: 3, topP: 0.1, minP: 0.9, seed: seed))
      let best = logits.indices.max { logits[$0] < logits[$1] }
      #expect(try chain.next(logits, after: []) == best)
    }
    // Only the penalty changes what is best.
    var chain = try SamplingChain(SamplingOptions(temperature: 0, repetitionPenalty: 2))
    #expect(try chain.next([3, 2], after: [0]) == 1)
  }

  /// What is taken from the logits at once is what sorting all of them leaves, equal ones in the order of their ids.
  @Test func theBestAreFoundWithoutTheOthers() throws {
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let size = Int.random(in: 1...700, using: &random)
      // Few values, so that many are equal, and some that can never come.
      let logits = (0..<size).map { _ in
        let value = Int.random(in: -2...6, using: &random)
        return value == -2 ? -Float.infinity : Float(value)
      }
      guard logits.contains(where: { $0 > -.infinity }) else { continue }
      let sorted = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
      var candidates = Candidates()
      for count in [1, 2, 40, 64, 65, size - 1, size, size + 1] where count > 0 {
        try candidates.load(logits, best: count)
        #expect(candidates.elements.map { Int($0.id) } == Array(sorted.prefix(count)))
        #expect(candidates.elements.allSatisfy { $0.logit == logits[Int($0.id)] })
        #expect(Int(candidates.best.id) == sorted[0])
        try candidates.load(logits)
        #expect(Int(candidates.best.id) == sorted[0] && candidates.elements.count == size)
      }
      // Wherever it is, what has no probability is refused.
      for bad in [Float.nan, .infinity] {
        var wrong = logits
        let place = Int.random(in: 0..<size, using: &random)
        wrong[place] = bad
        for load in [
          { (c: inout Candidates) in try c.load(wrong) },
          { (c: inout Candidates) in try c.load(wrong, best: 3) },
        ] {
          let error = #expect(throws: TextGenerationError.self) { try load(&candidates) }
          guard case .unusableLogit(let token, _)? = error else {
            Issue.record("\(String(describing: error))")
            continue
          }
          #expect(token == place)
        }
      }
    }
  }

  @Test func theSeedDecidesEveryDraw() throws {
    func draw(_ seed: UInt64) throws -> [Int] {
      var chain = try SamplingChain(SamplingOptions(seed: seed))
      return try (0..<50).map { try chain.next(Self.noise(500, seed: $0), after: []) }
    }
    #expect(try draw(1) == draw(1))
    #expect(try draw(1) != draw(2))
  }

  /// The outputs of the reference implementation of SplitMix64 for seed 1234567 (as published with
  /// Vigna's splitmix64.c and used by many libraries' tests).
  @Test func generatorIsSplitMix64() {
    var generator = CounterGenerator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
    #expect((0..<1000).allSatisfy { _ in (0..<1).contains(generator.nextUniform()) })
  }

  /// n draws of a token of probability p come np times, with standard deviation √(np(1−p)). With
  /// five standard deviations one of these six checks fails by chance once in 300,000 seeds, and the
  /// seed is fixed.
  @Test func frequenciesAreTheProbabilities() throws {
    let probabilities = [0.4, 0.25, 0.2, 0.1, 0.04, 0.01]
    let logits = probabilities.map { Float(log($0) * 0.7 + 3) }
    var chain = try SamplingChain(
      SamplingOptions(temperature: 0.7, topK: 0, topP: 1, minP: 0, seed: 42))
    let draws = 100_000
    var counts = [Int](repeating: 0, count: logits.count)
    for _ in 0..<draws { counts[try chain.next(logits, after: [])] += 1 }
    for (count, p) in zip(counts, probabilities) {
      let expected = Double(draws) * p
      #expect(abs(Double(count) - expected) < 5 * (expected * (1 - p)).squareRoot())
    }
  }

  @Test func truncatedTokensNeverCome() throws {
    var chain = try SamplingChain(
      SamplingOptions(temperature: 1.5, topK: 3, topP: 1, minP: 0, seed: 3))
    let logits: [Float] = [0, 1, 0.9, 0.8, 0.7, -.infinity]
    let drawn = try Set((0..<2000).map { _ in try chain.next(logits, after: []) })
    #expect(drawn == [1, 2, 3])
  }

  @Test(arguments: [
    SamplingOptions(temperature: -1), SamplingOptions(temperature: .nan),
    SamplingOptions(topK: -1), SamplingOptions(topP: 0), SamplingOptions(topP: 1.01),
    SamplingOptions(minP: -0.1), SamplingOptions(minP: .nan), SamplingOptions(repetitionPenalty: 0),
    SamplingOptions(penaltyWindow: -1),
  ])
  func optionsOutOfRangeAreRefused(options: SamplingOptions) {
    let error = #expect(throws: TextGenerationError.self) { _ = try SamplingChain(options) }
    guard case .samplingOption = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// Choosing among a real vocabulary's tokens must not cost what a layer costs. Sorting 150,000
  /// logits takes over 10 ms; the bound is generous for a busy machine.
  @Test func largeVocabulariesAreNotSorted() throws {
    let logits = Self.noise(150_000, seed: 1)
    var chain = try SamplingChain(SamplingOptions(repetitionPenalty: 1.1, seed: 1))
    _ = try chain.next(logits, after: [])
    let history = Array(0..<64)
    let fastest = try (0..<10).map { _ in
      try ContinuousClock().measure { _ = try chain.next(logits, after: history) }
    }.min()!
    #expect(fastest < .milliseconds(5))
  }
}
