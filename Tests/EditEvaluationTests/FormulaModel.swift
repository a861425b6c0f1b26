import EditEvaluation
import Foundation
import LanguageModels
import TestSupport

/// The formula of tools/fixtures/make_evaluation_fixtures.py as a model.
final class FormulaModel: SequenceModel {
  let salt: Int
  let vocabularySize: Int
  let contextLength: Int
  private(set) var position = 0
  private(set) var fed: [[Int]] = []
  /// Put in place of the first logit, if not nil.
  var damage: Float?

  init(salt: Int, vocabularySize: Int = 11, contextLength: Int = 100) {
    self.salt = salt
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
  }

  func truncate(to position: Int) { self.position = min(self.position, position) }

  func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    precondition(position + tokens.count <= contextLength)
    fed.append(tokens)
    for (index, token) in tokens.enumerated() {
      var logits = (0..<vocabularySize).map { v in
        Float((31 * position + 17 * token + 7 * v * v + salt * v) % 97) / 8
      }
      if let damage { logits[0] = damage }
      position += 1
      guard index >= first else { continue }
      do throws(Failure) { try body(index, logits.span) } catch { throw .listener(error) }
    }
  }
}

/// Tests/Fixtures/evaluation/expected.json.
struct Expected: Decodable {
  struct Divergence: Decodable {
    let mean, standardError, maximum, median, p90, sameTop: Double
    let probabilityDifference, perplexity, basePerplexity: Double
  }
  let tokens: [Int]
  let vocabularySize, windowLength, beginning, scored: Int
  let perplexity, standardError: Double
  let logProbabilities: [Double]
  let divergence: Divergence

  static func load() throws -> Expected {
    try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: OutsideFiles.fixture("evaluation/expected.json")))
  }

  func windows() throws -> PerplexityWindows {
    try PerplexityWindows(tokens, length: windowLength, beginning: beginning)
  }
}

/// expf is within 1 ulp (6e-8 relative) and everything else is in double precision, so sums of
/// probabilities, and what is computed from them, are within about 1e-7 of NumPy's.
func isClose(_ value: Double, _ expected: Double) -> Bool {
  abs(value - expected) <= 2e-7 * max(1, abs(expected))
}
