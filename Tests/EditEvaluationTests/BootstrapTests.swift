import EditEvaluation
import EditorTraining
import Foundation
import TestSupport
import Testing

@Suite struct BootstrapTests {
  /// Two examples are drawn as (2, 0), (1, 1) or (0, 2) with odds of 1, 2, 1: what lies in the middle half
  /// of the resamples is the value of both, and what lies in all but a fortieth at each end is between
  /// those of each alone. Sums 2 and 3 over 1 and 3 tokens: 2, 5 / 4 and 1.
  @Test func twoExamplesByHand() {
    func ratio(_ times: [Int]) -> [Double] {
      [Double(2 * times[0] + 3 * times[1]) / Double(times[0] + 3 * times[1])]
    }
    let wide = Bootstrap(resamples: 400).estimates(count: 2, ratio)
    #expect(wide == [Estimate(value: 1.25, low: 1, high: 2)])
    let narrow = Bootstrap(resamples: 400, level: 0.2).estimates(count: 2, ratio)
    #expect(narrow == [Estimate(value: 1.25, low: 1.25, high: 1.25)])
  }

  /// Two families of two alike rows each: in a quarter of the resamples each is there alone, so the interval reaches
  /// from one to the other, where that of rows would not; rows without a family are families of their own.
  @Test func familiesAreDrawn() {
    let values = [1.0, 1, 3, 3]
    func mean(_ times: [Int]) -> [Double] {
      [zip(values, times).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(times.reduce(0, +))]
    }
    let families = ["a", "a", "b", "b"]
    let drawn = Bootstrap(resamples: 400, level: 0.8, drawsFamilies: true)
    #expect(
      drawn.estimates(count: 4, families: families, mean) == [
        Estimate(value: 2, low: 1, high: 3)
      ])
    let rows = Bootstrap(resamples: 400, level: 0.8)
    #expect(
      rows.estimates(count: 4, families: families, mean) == [
        Estimate(value: 2, low: 1.5, high: 2.5)
      ])
    #expect(
      drawn.estimates(count: 4, families: [nil, nil, nil, nil], mean) == [
        Estimate(value: 2, low: 1.5, high: 2.5)
      ])
  }

  /// A figure that is no number is none; one that is none in some resample has no interval.
  @Test func figuresThatAreNot() {
    let estimates = Bootstrap(resamples: 100).estimates(count: 2) { times in
      [.nan, 1 / Double(times[0]), 3]
    }
    #expect(estimates == [nil, Estimate(value: 1), Estimate(value: 3, low: 3, high: 3)])
  }

  @Test func theSeedDecides() {
    func interval(_ seed: UInt64) -> [Estimate?] {
      Bootstrap(resamples: 50, seed: seed).estimates(count: 30) { times in
        [times.enumerated().reduce(0) { $0 + Double($1.offset * $1.element) }]
      }
    }
    #expect(interval(1) == interval(1))
    #expect(interval(1) != interval(2))
  }

  /// Of intervals for the ratio of token-weighted sums of 80 rows each, 95 % should hold the true one. Rows
  /// have 1 to 9 tokens, and a loss a token that is exponential with mean 2, so that the true ratio is 2.
  /// Percentile intervals of skewed data of that size hold it a little more seldom (some 93 %); the
  /// number of 400 that do has a deviation of 5: 372 +- 4 of it.
  @Test func intervalsHoldTheTruth() {
    var random = SplitMix64(seed: 11)
    var held = 0
    for sample in 0..<400 {
      let tokens = (0..<80).map { _ in Double(Int.random(in: 1...9, using: &random)) }
      let sums = tokens.map { $0 * -2 * log(Double.random(in: 0x1p-53..<1, using: &random)) }
      let estimate = Bootstrap(resamples: 400, seed: UInt64(sample)).estimates(count: 80) { times in
        let total = zip(tokens, times).reduce(0) { $0 + $1.0 * Double($1.1) }
        return [zip(sums, times).reduce(0) { $0 + $1.0 * Double($1.1) } / total]
      }[0]
      if let low = estimate?.low, let high = estimate?.high, low <= 2, 2 <= high { held += 1 }
    }
    #expect((352...392).contains(held), "\(held)")
  }
}

@Suite struct ConditionFigureTests {
  /// Three rows of 1, 2 and 5 tokens.
  private func losses(_ sums: [EditCondition: [Double]]) -> ConditionLosses {
    ConditionLosses(tokenCounts: [1, 2, 5], sums: sums)
  }

  @Test func formulas() throws {
    let figures = ConditionFigures(
      losses([
        .ablated: [4, 8, 12], .shuffled: [3, 7, 10], .edited: [2, 4, 8], .prompted: [1, 3, 8],
        .promptedShuffled: [4, 8, 10], .random: [8, 16, 40],
      ]), Bootstrap(resamples: 200))
    func nat(_ condition: EditCondition) -> Double? {
      figures.conditions[condition.rawValue]?.nat.value
    }
    #expect(figures.rows == 3 && figures.tokens == 8)
    #expect(nat(.ablated) == 3 && nat(.shuffled) == 2.5 && nat(.edited) == 1.75)
    #expect(nat(.prompted) == 1.5 && nat(.promptedShuffled) == 2.75 && nat(.random) == 8)
    #expect(nat(.empty) == nil)
    #expect(figures.conditions["random"]?.perplexity.value == exp(8))
    #expect(
      figures.differences.mapValues(\.value) == [
        "edited": 1.25, "format": 0.5, "instruction": 0.75, "prompted": 1.5,
        "prompted_instruction": 1.25,
      ])
    let recovered = try #require(figures.recoveredFraction)
    #expect(abs(recovered.value - 1.25 / 1.5) < 1e-15)
    #expect(figures.instructionEffect?.value == 0.75 / 1.25)
    #expect(figures.promptIsInsensitive == false)
    // Random directions cost 8 nat a token in each row, and in each resample.
    #expect(figures.conditions["random"]?.nat == Estimate(value: 8, low: 8, high: 8))
    let low = try #require(recovered.low)
    let high = try #require(recovered.high)
    #expect(low < recovered.value && recovered.value < high)
  }

  /// Without a condition there are no figures that need it; a prompt that does not heed the instruction is
  /// no scale.
  @Test func whatIsMissing() {
    let few = ConditionFigures(losses([.edited: [1, 1, 1], .ablated: [2, 2, 2]]))
    #expect(few.differences.keys.sorted() == ["edited"])
    #expect(few.recoveredFraction == nil && few.instructionEffect == nil)
    #expect(few.promptIsInsensitive == nil)
    let same = ConditionFigures(
      losses([
        .edited: [1, 1, 1], .shuffled: [2, 2, 2], .prompted: [1, 2, 3],
        .promptedShuffled: [1, 2, 3],
      ]))
    #expect(same.promptIsInsensitive == true)
    #expect(same.instructionEffect == nil, "a quotient by nothing")
  }

  /// A tuned model has its own differences, and is the scale where the prompt is none.
  @Test func tunedIsTheScaleOfLastResort() {
    func figures(promptedShuffled: [Double]) -> ConditionFigures {
      ConditionFigures(
        losses([
          .ablated: [4, 8, 12], .shuffled: [3, 7, 10], .edited: [2, 4, 8], .prompted: [1, 3, 8],
          .promptedShuffled: promptedShuffled, .tuned: [1, 2, 5], .tunedShuffled: [3, 5, 12],
        ]), Bootstrap(resamples: 50))
    }
    let sensitive = figures(promptedShuffled: [4, 8, 10])
    #expect(sensitive.instructionScale == .prompted)
    #expect(sensitive.instructionEffect?.value == 0.75 / 1.25)
    #expect(sensitive.recoveredFractionOfTuned?.value == 1.25 / 2)
    #expect(sensitive.differences["tuned"]?.value == 2)
    #expect(sensitive.differences["tuned_instruction"]?.value == 1.5)
    let insensitive = figures(promptedShuffled: [1, 3, 8.5])
    #expect(insensitive.promptIsInsensitive == true)
    #expect(insensitive.instructionScale == .tuned)
    #expect(insensitive.instructionEffect?.value == 0.75 / 1.5)
  }

  @Test func rowsAreChosen() {
    let all = losses([.edited: [1, 2, 3]])
    #expect(
      all.rows([2, 0]) == ConditionLosses(tokenCounts: [5, 1], sums: [.edited: [3, 1]]))
  }
}
