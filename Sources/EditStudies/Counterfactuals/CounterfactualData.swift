import Crypto
import Foundation
import ModelFiles

/// The reviews of CEBaB that are measured, their pairs, and those that estimates without edits learn from.
struct CounterfactualData {
  /// Of test.json, those of the first originals.
  let test: [CounterfactualReview]
  /// Between them.
  let pairs: [CounterfactualPair]
  /// Of train_exclusive.json, those with a majority.
  let training: [CounterfactualReview]
  /// Of all of it.
  let digest: String

  /// Reads the folder. Throws `configuration`.
  init(folder: String, originals: Int) throws {
    let all = try CounterfactualReview.read(folder + "/test.json")
    var seen: [String: Int] = [:]
    let chosen = all.filter { review in
      if seen[review.originalID] == nil { seen[review.originalID] = seen.count }
      return seen[review.originalID]! < originals && review.stars != nil
    }
    test = chosen
    pairs = CounterfactualPair.all(of: chosen)
    training = try CounterfactualReview.read(folder + "/train_exclusive.json").filter {
      $0.stars != nil
    }
    guard !pairs.isEmpty, !training.isEmpty else {
      throw StudyError.configuration(
        path: folder, problem: "there are no two reviews between which an aspect was changed")
    }
    var hash = SHA256()
    for review in test + training {
      let labels = CounterfactualReview.Aspect.allCases.map { review.labels[$0] ?? "" }
      for text in [review.id, review.text, review.stars.map { "\($0)" } ?? ""] + labels {
        hash.update(data: Data("\(text.utf8.count) \(text)\n".utf8))
      }
    }
    digest = hash.finalize().hexadecimal
  }
}
