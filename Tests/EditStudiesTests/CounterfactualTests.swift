import Crypto
import EditStudies
import Foundation
import TestSupport
import Testing

/// CEBaB's pairs, distances and estimators beside its own pipeline's and scikit-learn's
/// (tools/fixtures/make_counterfactual_fixtures.py).
@Suite struct CounterfactualTests {
  struct Fixture: Decodable {
    struct Distance: Decodable {
      let effect, estimate: [Double]
      let l2, cosine, norm_difference: Double
    }
    struct Ratings: Decodable {
      let right, given: [Int]
      let accuracy, macro_f1: Double
    }
    struct Estimates: Decodable {
      struct Effect: Decodable {
        let aspect: CounterfactualReview.Aspect
        let from, to: String
        let learned, conditional: [Double]
      }
      let labels: [[String: String]]
      let ratings: [[Double]]
      let effects: [Effect]
    }
    struct Whole: Decodable {
      let pairs: Int
      let sha256: String
    }
    let pairs: [String]
    let distances: [Distance]
    let ratings: Ratings
    let estimates: Estimates
    let cebab: [String: Whole]
  }

  private let fixture: Fixture

  init() throws {
    fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: OutsideFiles.fixture("counterfactuals/pairs.json")))
  }

  private func lines(_ reviews: [CounterfactualReview]) -> [String] {
    CounterfactualPair.all(of: reviews).map {
      [
        reviews[$0.base].id, reviews[$0.counterfactual].id, $0.aspect.rawValue, $0.from, $0.to,
      ].joined(separator: " ")
    }.sorted()
  }

  @Test func pairsAreCEBaBs() throws {
    let reviews = try CounterfactualReview.read(
      OutsideFiles.fixture("counterfactuals/reviews.json").path)
    #expect(lines(reviews) == fixture.pairs && fixture.pairs.count > 30)
  }

  /// All of CEBaB's own: 3,958 pairs of its test reviews, 3,898 of those of development.
  @Test(
    .enabled(if: OutsideFiles.hasData("cebab/CEBaB-v1.1.zip"), "needs EMEND_DATA"),
    arguments: ["test", "dev"])
  func pairsOfCEBaBAreItsOwn(split: String) throws {
    let wanted = try #require(fixture.cebab[split])
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "unzip", "-qj", OutsideFiles.data("cebab/CEBaB-v1.1.zip").path,
      "CEBaB-v1.1/\(split).json", "-d", folder.url.path,
    ]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let found = lines(
      try CounterfactualReview.read(folder.url.appending(path: "\(split).json").path))
    #expect(found.count == wanted.pairs)
    let digest = SHA256.hash(data: Data(found.map { $0 + "\n" }.joined().utf8))
    #expect(digest.map { String(format: "%02x", $0) }.joined() == wanted.sha256)
  }

  @Test func distancesAreCEBaBs() {
    for wanted in fixture.distances {
      let found = EffectDistance(wanted.effect, estimate: wanted.estimate)
      #expect(abs(found.l2 - wanted.l2) < 1e-12)
      #expect(abs(found.cosine - wanted.cosine) < 1e-12)
      #expect(abs(found.normDifference - wanted.norm_difference) < 1e-12)
    }
    #expect(fixture.distances.contains { $0.estimate.allSatisfy { $0 == 0 } })
  }

  @Test func competenceIsSklearns() {
    let ratings = fixture.ratings
    let found = Competence(
      zip(ratings.given, ratings.right).map { (given: $0, right: $1) }, classes: 5)
    #expect(abs(found.accuracy - ratings.accuracy) < 1e-12)
    #expect(abs(found.macroF1 - ratings.macro_f1) < 1e-12)
    // One that is drawn twice stands there twice.
    let twice = Competence([(0, 0), (1, 0)], classes: 2, times: [2, 1])
    #expect(twice == Competence([(0, 0), (0, 0), (1, 0)], classes: 2))
  }

  @Test func estimatesAreSklearnsAndPandas() {
    func labels(_ row: [String: String]) -> [CounterfactualReview.Aspect: String] {
      Dictionary(
        uniqueKeysWithValues: CounterfactualReview.Aspect.allCases.map { ($0, row[$0.rawValue]!) })
    }
    let estimates = fixture.estimates
    let reviews = estimates.labels.enumerated().map { number, row in
      CounterfactualReview(
        id: "\(number)", originalID: "\(number)", isOriginal: true, editType: nil, text: "x",
        stars: 1, labels: labels(row))
    }
    let estimators = EffectEstimators(reviews, estimates.ratings)
    for wanted in estimates.effects {
      let pair = CounterfactualPair(
        base: 0, counterfactual: 1, aspect: wanted.aspect, from: wanted.from, to: wanted.to)
      var base: [CounterfactualReview.Aspect: String] = [:]
      for aspect in CounterfactualReview.Aspect.allCases { base[aspect] = "unknown" }
      for (a, b) in zip(estimators.learned(base, pair), wanted.learned) {
        #expect(abs(a - b) < 1e-5)
      }
      for (a, b) in zip(estimators.conditional(pair), wanted.conditional) {
        #expect(abs(a - b) < 1e-12)
      }
    }
  }

  private static func review(stars: String) -> String {
    "{\"id\": \"1\", \"original_id\": \"1\", \"is_original\": true, \"description\": \"good\", "
      + "\"review_majority\": \"\(stars)\"}"
  }

  /// A file that is none of CEBaB's is one error that says which review and which field.
  @Test func otherFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    for (text, wanted) in [
      ("{}", "no file of CEBaB v1.1: its content is not a list"),
      ("[{\"id\": \"1\"}]", "review 1, original_id is missing"),
      ("[{\"id\": 1}]", "review 1, id is not text"),
      ("nonsense", "no file of CEBaB v1.1: it is a"), ("", "test.json"),
      (
        Self.review(stars: "no majority") + "," + Self.review(stars: "6"),
        "review 2, review_majority is unusable: 6"
      ),
    ] {
      let path = try folder.file(
        "test.json", text.hasPrefix("{\"") ? "[\(text)]" : text)
      #expect {
        _ = try CounterfactualReview.read(path)
      } throws: { "\($0)".contains(wanted) }
    }
    #expect {
      _ = try CounterfactualReview.read("/none/test.json")
    } throws: { "\($0)".contains("no such file") }
  }
}
