import EditEvaluation
import Foundation
import TestSupport
import Testing

/// Against NumPy: tools/fixtures/make_evaluation_fixtures.py.
@Suite struct PerplexityTests {
  @Test func matchesNumPy() throws {
    let expected = try Expected.load()
    let model = FormulaModel(salt: 3)
    let result = try Perplexity.measure(
      model, on: expected.windows(), vocabularySize: expected.vocabularySize)
    #expect(isClose(result.value, expected.perplexity))
    #expect(isClose(result.standardError, expected.standardError))
    #expect(result.tokens == expected.scored)
  }

  @Test func windowsBeginWithBOSAndStartAgain() throws {
    let expected = try Expected.load()
    let model = FormulaModel(salt: 3)
    var reports: [Int] = []
    _ = try Perplexity.measure(
      model, on: expected.windows(), vocabularySize: expected.vocabularySize
    ) { done, _ in
      reports.append(done)
      return true
    }
    // The last token of a window is only scored; what is left over of the text is not used.
    #expect(model.fed.count == 5 && reports == [1, 2, 3, 4, 5])
    for (window, fed) in model.fed.enumerated() {
      #expect(fed == [1] + expected.tokens[(8 * window + 1)..<(8 * window + 7)])
    }
    // Without a beginning token the text's own first token is fed.
    let plain = FormulaModel(salt: 3)
    let windows = try PerplexityWindows(expected.tokens, length: 8, limit: 2, beginning: nil)
    _ = try Perplexity.measure(plain, on: windows, vocabularySize: 11)
    #expect(plain.fed == [Array(expected.tokens[0..<7]), Array(expected.tokens[8..<15])])
  }

  @Test func uniformLogitsHaveThePerplexityOfTheVocabulary() throws {
    // ln p = −ln V everywhere: perplexity V, with no spread beyond rounding.
    let windows = try PerplexityWindows([0, 0, 0, 0, 0, 0, 0, 0], length: 4, beginning: nil)
    let result = try Perplexity.measure(
      FormulaModel(salt: 0, vocabularySize: 1), on: windows, vocabularySize: 1)
    #expect(
      result
        == (try Perplexity.measure(
          FormulaModel(salt: 5, vocabularySize: 1), on: windows, vocabularySize: 1)))
    #expect(result.value == 1 && result.standardError == 0 && result.tokens == 2)
  }

  @Test func shortTextIsRefusedWithNumbers() {
    let error = #expect(throws: EvaluationError.self) {
      try PerplexityWindows(Array(repeating: 1, count: 15), length: 8, limit: 1, beginning: nil)
    }
    #expect("\(error!)".contains("15 tokens") && "\(error!)".contains("16"))
    #expect(throws: EvaluationError.self) {
      try PerplexityWindows([1, 2, 3, 4, 5, 6], length: 3, beginning: nil)
    }
    #expect(throws: EvaluationError.self) {
      try PerplexityWindows([1, 2, 3], length: .max, beginning: nil)
    }
    #expect(throws: EvaluationError.self) {
      try PerplexityWindows(Array(repeating: 1, count: 16), length: 8, limit: 0, beginning: nil)
    }
  }

  @Test func otherMistakesAreRefused() throws {
    let windows = try Expected.load().windows()
    #expect(throws: EvaluationError.self) {
      try Perplexity.measure(
        FormulaModel(salt: 3, contextLength: 7), on: windows, vocabularySize: 11)
    }
    #expect(throws: EvaluationError.self) {
      try Perplexity.measure(FormulaModel(salt: 3), on: windows, vocabularySize: 10)
    }
    for damage in [Float.nan, .infinity] {
      let damaged = FormulaModel(salt: 3)
      damaged.damage = damage
      let error = #expect(throws: EvaluationError.self) {
        try Perplexity.measure(damaged, on: windows, vocabularySize: 11)
      }
      guard case .unusableLogits(position: 4) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func stopsWhenTold() throws {
    let error = #expect(throws: EvaluationError.self) {
      try Perplexity.measure(
        FormulaModel(salt: 3), on: Expected.load().windows(), vocabularySize: 11
      ) { done, _ in done < 2 }
    }
    guard case .cancelled(done: 2, total: 5, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func scoresMatchNumPy() throws {
    let expected = try Expected.load()
    var rows = 0
    let scores = try TokenScores.logProbabilities(
      of: Array(expected.tokens[..<12]), FormulaModel(salt: 3), vocabularySize: 11
    ) { index, logits in
      #expect(index == rows && logits.count == 11)
      rows += 1
    }
    #expect(rows == 12 && scores.count == 11)
    for (score, value) in zip(scores, expected.logProbabilities) { #expect(isClose(score, value)) }
    #expect(throws: EvaluationError.self) {
      try TokenScores.logProbabilities(of: [1], FormulaModel(salt: 3), vocabularySize: 11)
    }
    #expect(throws: EvaluationError.self) {
      try TokenScores.logProbabilities(of: [1, 11], FormulaModel(salt: 3), vocabularySize: 11)
    }
  }
}
