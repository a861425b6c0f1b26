import Foundation
import TestSupport
import Testing
import TextGeneration

/// Each step alone, on distributions whose result is worked out by hand.
@Suite struct SamplerTests {
  /// ln of 0.5, 0.25, 0.125, 0.125, in an order that is not sorted; ids 2, 0, 1, 3 by likelihood.
  private let logits: [Float] = [0.25, 0.125, 0.5, 0.125].map { logf($0) }

  private func candidates(
    _ logits: [Float], _ steps: any LogitsProcessor..., history: [Int] = []
  ) throws -> Candidates {
    var candidates = try Candidates(logits: logits)
    for step in steps { step.process(&candidates, after: history) }
    return candidates
  }

  private func ids(_ candidates: Candidates) -> [Int] { candidates.elements.map { Int($0.id) } }

  @Test func topKKeepsTheMostLikelyInOrder() throws {
    #expect(ids(try candidates(logits, TopK(2))) == [2, 0])
    // Of equally likely tokens the lower id is kept.
    #expect(ids(try candidates(logits, TopK(3))) == [2, 0, 1])
    #expect(ids(try candidates(logits, TopK(100))) == [2, 0, 1, 3])
  }

  @Test func topKAgreesWithSorting() throws {
    var random = SplitMix64(seed: 7)
    for k in [1, 2, 40, 999, 1000, 1001, 4999] {
      // Few distinct values, so that ties are many.
      let logits = (0..<5000).map { _ in Float(Int.random(in: 0..<300, using: &random)) }
      let expected = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }.prefix(k)
      #expect(ids(try candidates(logits, TopK(k))) == Array(expected))
    }
  }

  @Test func topPKeepsTheSmallestSetThatReachesP() throws {
    // The probabilities are powers of two, so the sums are exact.
    #expect(ids(try candidates(logits, TopP(0.5))) == [2])
    #expect(ids(try candidates(logits, TopP(0.51))) == [2, 0])
    #expect(ids(try candidates(logits, TopP(0.75))) == [2, 0])
    #expect(ids(try candidates(logits, TopP(0.8))) == [2, 0, 1])
    #expect(ids(try candidates(logits, TopP(1))) == [2, 0, 1, 3])
    #expect(ids(try candidates(logits, TopK(3), TopP(0.6))) == [2, 0])
  }

  @Test func topPOfAFlatDistributionKeepsItsShare() throws {
    // More than the 128 and the 1024 that are sorted at first.
    let kept = try candidates([Float](repeating: 1, count: 4096), TopP(0.75))
    #expect(ids(kept) == Array(0..<3072))
  }

  @Test func minPKeepsWhatIsLikelyEnoughRelativeToTheBest() throws {
    #expect(ids(try candidates(logits, MinP(0.6))) == [2])
    #expect(ids(try candidates(logits, MinP(0.49))) == [0, 2])
    #expect(ids(try candidates(logits, MinP(0.2))) == [0, 1, 2, 3])
    #expect(ids(try candidates(logits, MinP(1))) == [2])
  }

  @Test func temperatureDividesTheLogits() throws {
    // p^(1/2): 0.7071, 0.5, 0.3536, 0.3536 over their sum 1.9142.
    let probabilities = try candidates(logits, Temperature(2)).probabilities
    let expected = [0.5, 0.35355339, 0.70710678, 0.35355339].map { $0 / 1.91421356 }
    for (p, q) in zip(probabilities, expected) { #expect(abs(p - q) < 1e-6) }
    // The coldest temperature there is leaves the best token, and no NaN.
    let cold = try candidates(logits, Temperature(.leastNonzeroMagnitude))
    #expect(cold.probabilities == [0, 0, 1, 0])
  }

  @Test func repetitionPenaltyWeakensWhatOccurredInTheWindow() throws {
    let logits: [Float] = [2, -2, 4, 0]
    func after(_ history: [Int], window: Int?) throws -> [Float] {
      try candidates(
        logits, RepetitionPenalty(penalty: 2, window: window), history: history
      ).elements.map(\.logit)
    }
    #expect(try after([0, 1, 3], window: 64) == [1, -4, 4, 0])
    #expect(try after([2, 0, 0, 0], window: 3) == [1, -2, 4, 0])
    #expect(try after([2, 0, 0, 0], window: nil) == [1, -2, 2, 0])
    #expect(try after([2], window: 0) == logits)
    // Ids outside the vocabulary (of another model's history) are no concern.
    #expect(try after([-1, 4], window: 64) == logits)
    // Steps may come in any order: here the candidates are sorted already.
    let late = try candidates(
      logits, TopK(2), RepetitionPenalty(penalty: 8), history: [2, 3])
    #expect(late.elements.map(\.logit) == [0.5, 2] && late.best.id == 0)
  }

  @Test func penaltiesStayFinite() throws {
    let huge = try candidates(
      [3e38, -3e38], RepetitionPenalty(penalty: 1e-3), RepetitionPenalty(penalty: 1e6),
      history: [0, 1])
    #expect(huge.probabilities.allSatisfy { $0.isFinite })
  }

  @Test func greedyTakesTheLowestOfEqualIDs() throws {
    #expect(GreedySampler().pick(from: try Candidates(logits: [1, 3, 3, 2])) == 1)
  }

  @Test(arguments: [Float.nan, .infinity])
  func unusableLogitsAreRefused(value: Float) throws {
    let error = #expect(throws: TextGenerationError.self) {
      _ = try Candidates(logits: [0, value, 1])
    }
    guard case .unusableLogit(token: 1, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func nothingToChooseFromIsRefused() throws {
    #expect(throws: TextGenerationError.self) { _ = try Candidates(logits: []) }
    #expect(throws: TextGenerationError.self) {
      _ = try Candidates(logits: [-.infinity, -.infinity])
    }
    #expect(try Candidates(logits: [-.infinity, 1]).probabilities == [0, 1])
  }
}
