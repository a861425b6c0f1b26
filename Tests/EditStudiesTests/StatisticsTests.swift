import EditEvaluation
import EditStudies
import Foundation
import TestSupport
import Testing

/// Beside SciPy, NumPy and scikit-learn (tools/fixtures/make_study_fixtures.py).
@Suite struct StatisticsTests {
  private struct Fixture: Decodable {
    struct Correlation: Decodable {
      let x, y, ranks: [Double]
      let spearman, pearson, shift_probability: Double
    }
    struct Components: Decodable {
      let rows, directions: [[Double]]
      let singular_values: [Double]
      let participation_ratio: Double
      let dimensions_90: Int
    }
    struct Regression: Decodable {
      let rows, weights: [[Double]]
      let labels, predictions: [Int]
      let classes: Int
      let penalty, objective: Double
    }
    let correlations: [Correlation]
    let components: [Components]
    let regressions: [Regression]
  }

  private let fixture: Fixture

  init() throws {
    fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("study/statistics.json")))
  }

  @Test func correlationsAreSciPys() throws {
    for wanted in fixture.correlations {
      #expect(RankCorrelation.ranks(wanted.x) == wanted.ranks)
      let spearman = try #require(RankCorrelation.spearman(wanted.x, wanted.y))
      #expect(abs(spearman - wanted.spearman) < 1e-12)
      let pearson = try #require(RankCorrelation.pearson(wanted.x, wanted.y))
      #expect(abs(pearson - wanted.pearson) < 1e-12)
      #expect(
        RankCorrelation.shiftProbability(wanted.x, wanted.y) == wanted.shift_probability)
    }
    #expect(RankCorrelation.spearman([1, 1, 1], [1, 2, 3]) == nil)
    // A pair that weighs two stands there twice.
    let weighed = try #require(
      RankCorrelation.pearson([1, 2, 4, 7], [3, 1, 8, 2], weights: [2, 1, 3, 0]))
    let repeated = try #require(RankCorrelation.pearson([1, 1, 2, 4, 4, 4], [3, 3, 1, 8, 8, 8]))
    #expect(abs(weighed - repeated) < 1e-15)
    // Half of the rows agree by 0.6: all of them would by 0.75.
    #expect(abs(RankCorrelation.wholeReliability(ofHalves: 0.6) - 0.75) < 1e-15)
    #expect(RankCorrelation.corrected(0.7, reliabilities: 0.9, 0.4) == 1)
    #expect(RankCorrelation.corrected(0.6, reliabilities: 0.9, 0) == nil)
  }

  /// Directions have a sign of their own choice.
  @Test func componentsAreNumPys() {
    for wanted in fixture.components {
      let found = PrincipalComponents(wanted.rows)
      // What is exact to rounding are eigenvalues of a product, the squares; a value of 0 is one of 1e-8 then.
      let greatest = wanted.singular_values[0] * wanted.singular_values[0]
      for (a, b) in zip(found.singularValues, wanted.singular_values) {
        #expect(abs(a * a - b * b) <= 1e-12 * greatest)
      }
      for (a, b) in zip(found.directions, wanted.directions) {
        let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(abs(dot) - 1) < 1e-9)
      }
      #expect(abs(found.participationRatio - wanted.participation_ratio) < 1e-9)
      #expect(found.dimensions(for: 0.9) == wanted.dimensions_90)
      // All coordinates of a row give it back.
      let row = wanted.rows[0]
      let coordinates = found.coordinates(of: row, count: found.directions.count)
      var back = found.mean
      for (c, direction) in zip(coordinates, found.directions) {
        for j in back.indices { back[j] += c * direction[j] }
      }
      #expect(zip(back, row).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }

  /// Both stop near the same minimum, which is the only one.
  @Test func regressionsAreSklearns() {
    for wanted in fixture.regressions {
      let found = LogisticRegression(
        wanted.rows, labels: wanted.labels, classes: wanted.classes, penalty: wanted.penalty)
      #expect(abs(found.objective - wanted.objective) <= 1e-7 * wanted.objective)
      for (a, b) in zip(found.weights.joined(), wanted.weights.joined()) {
        #expect(abs(a - b) < 1e-4)
      }
      #expect(wanted.rows.map(found.label) == wanted.predictions)
    }
  }

  /// Intervals over families hold the truth about as often as they say, where the families differ by more than their
  /// rows do: 400 sets of 40 families of 3 rows. Those over rows, which take rows for independent, do not.
  @Test func intervalsOverFamiliesHoldTheTruth() {
    var random = SplitMix64(seed: 22)
    func normal() -> Double {
      let u = Double.random(in: 1e-12...1, using: &random)
      return (-2 * log(u)).squareRoot() * cos(2 * .pi * Double.random(in: 0...1, using: &random))
    }
    var held = [0, 0]
    for trial in 0..<400 {
      var values: [Double] = []
      var families: [String] = []
      for family in 0..<40 {
        let center = normal()
        for _ in 0..<3 {
          values.append(center + 0.5 * normal())
          families.append("\(family)")
        }
      }
      for (index, drawsFamilies) in [true, false].enumerated() {
        let estimate = Bootstrap(
          resamples: 400, seed: UInt64(trial), drawsFamilies: drawsFamilies
        ).estimates(count: values.count, families: families) { times in
          [
            zip(values, times).reduce(0) { $0 + $1.0 * Double($1.1) }
              / Double(times.reduce(0, +))
          ]
        }[0]
        if let low = estimate?.low, let high = estimate?.high, low <= 0, high >= 0 {
          held[index] += 1
        }
      }
    }
    #expect((372...388).contains(held[0]), "\(held)")
    #expect(held[1] < 340, "\(held)")
  }
}
