import EditorTraining
import LatentEditing

/// Whether an edit that asks for a change of what a review says of one aspect does to the model's rating what people's
/// changes of the review do (CEBaB; docs/study.md). Only of a model that can rate at all.
struct CounterfactualExperiment: StudyExperiment {
  typealias Review = CounterfactualReview
  let material: StudyMaterial
  let data: CounterfactualData
  /// The tokens of one to five stars.
  private let digits: [Int]
  /// What is asked of each base review: the aspect and the value that it is to have, each once.
  let changes: [Change]

  /// A base review, and what is changed of it.
  struct Change: Hashable {
    let base: Int
    let aspect: Review.Aspect
    let to: String
  }

  /// What edits are measured, behind the rating without one.
  static let edits = ["edit", "wrong aspect", "wrong value", "mean edit", "prompted"]
  static let values = ["Negative", "Positive", "unknown"]
  private static let asked = [
    "Negative": "bad", "Positive": "good", "unknown": "not mentioned",
  ]

  /// Throws `configuration` where the model's vocabulary has no token for each of one to five.
  init(_ material: StudyMaterial) throws {
    self.material = material
    guard let data = material.data.reviews else { preconditionFailure("there are no reviews") }
    self.data = data
    digits = try (1...5).map { star in
      let tokens = material.tokenizer.encode("\(star)", addSpecial: false, parseSpecial: false)
      guard tokens.count == 1 else {
        throw StudyError.configuration(
          path: material.configuration.model,
          problem: "\(star) is no token of the model, which cebab asks for ratings; leave it out")
      }
      return tokens[0]
    }
    var seen: Set<Change> = []
    changes = data.pairs.map { Change(base: $0.base, aspect: $0.aspect, to: $0.to) }
      .filter { seen.insert($0).inserted }
  }

  /// What a model is asked about a review.
  static func input(_ review: Review) -> String { "\(review.text)\n\nStars (1-5):" }

  /// The instruction that an editor reads.
  static func instruction(_ aspect: Review.Aspect, _ value: String) -> String {
    "Make the \(aspect.rawValue) \(asked[value] ?? value)."
  }

  /// The same as it is put into a prompt.
  static func question(_ aspect: Review.Aspect, _ value: String) -> String {
    "Imagine the \(aspect.rawValue) had been \(asked[value] ?? value)."
  }

  /// All of them.
  static var instructions: [String] {
    Review.Aspect.allCases.flatMap { aspect in values.map { instruction(aspect, $0) } }
  }

  /// The one that takes most room.
  static let longestQuestion = question(.ambiance, "unknown")

  var unitCount: Int { data.test.count + data.training.count + changes.count }

  /// Ratings first; the others where the model can rate.
  func pending(_ units: [String: String]) throws -> [String] {
    let ratings = data.test.indices.map { "test/\($0)" }.filter { units[$0] == nil }
    guard ratings.isEmpty else { return ratings }
    guard try isCompetent(units) else { return [] }
    return
      (data.training.indices.map { "training/\($0)" }
      + changes.indices.map { "change/\($0)" }).filter { units[$0] == nil }
  }

  /// Whether the model rates well enough for its effects to mean something.
  func isCompetent(_ units: [String: String]) throws -> Bool {
    let found = try competence(units)
    return material.configuration.accept["cebab.accuracy"]!.holds(found.accuracy)
      && material.configuration.accept["cebab.macro_f1"]!.holds(found.macroF1)
  }

  /// The likeliest stars of every review that is measured, beside those that people gave, from 0.
  func rated(_ units: [String: String]) throws -> [(given: Int, right: Int)] {
    try data.test.enumerated().map { index, review in
      let rating = try StudyUnit("test/\(index)", of: units).numbers
      return (rating.firstIndex(of: rating.max()!)!, review.stars! - 1)
    }
  }

  func competence(_ units: [String: String]) throws -> Competence {
    Competence(try rated(units), classes: 5)
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    guard unit.hasPrefix("change/") else {
      let review = unit.hasPrefix("test/") ? data.test[number] : data.training[number]
      return try StudyUnit(numbers: rate(review, under: [nil])[0]).json()
    }
    let change = changes[number]
    let review = data.test[change.base]
    let aspects = Review.Aspect.allCases
    // Which aspect and value are the wrong ones is drawn by the change itself.
    var random = SeededGenerator(
      material.configuration.seed, 0x4345_4241, UInt64(number))
    let others = aspects.filter { $0 != change.aspect }
    let values = Self.values.filter { $0 != change.to && $0 != review.labels[change.aspect] }
    let right = try material.edits(Self.instruction(change.aspect, change.to))
    let wrong = try [
      (others[random.pick(others.count)], change.to),
      (change.aspect, values.isEmpty ? change.to : values[random.pick(values.count)]),
    ].map { try material.edits(Self.instruction($0.0, $0.1)).edit }
    var ratings = try rate(review, under: [right.edit] + wrong + [right.mean])
    let prompt = material.editor.prompted(
      Self.input(review), Self.question(change.aspect, change.to))
    ratings += try material.runs.choices(prompt, among: digits, under: [nil]).map(Self.rounded)
    return try StudyUnit(numbers: ratings.flatMap { $0 }).json()
  }

  /// The distribution over one to five stars under each of `edits`, with four digits as CEBaB's differences have them.
  private func rate(_ review: Review, under edits: [CompiledEdit?]) throws -> [[Double]] {
    try material.runs.choices(
      material.editor.prompt(Self.input(review)), among: digits, under: edits
    ).map(Self.rounded)
  }

  private static func rounded(_ rating: [Double]) -> [Double] {
    rating.map { ($0 * 10_000).rounded(.toNearestOrEven) / 10_000 }
  }
}
