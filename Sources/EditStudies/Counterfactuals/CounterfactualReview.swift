import ModelFiles

/// A review of CEBaB (Abraham et al., arXiv 2205.14140), as its files have it: an original, or what somebody made of one by
/// changing what it says of one aspect.
package struct CounterfactualReview: Sendable, Equatable, Decodable {
  /// What reviews speak of, in the order of the files.
  package enum Aspect: String, Sendable, CaseIterable, Decodable {
    case food, ambiance, service, noise
  }

  /// The review, and the original that it was made of.
  package let id, originalID: String
  /// Whether it is one.
  package let isOriginal: Bool
  /// What was to be changed; nil of an original.
  package let editType: Aspect?
  /// The review itself.
  package let text: String
  /// Stars that most of five people gave, 1 to 5; nil without a majority.
  package let stars: Int?
  /// What most said of each aspect: Positive, Negative, unknown, "no majority", or nothing where nobody was asked.
  package let labels: [Aspect: String]

  package init(
    id: String, originalID: String, isOriginal: Bool, editType: Aspect?, text: String,
    stars: Int?, labels: [Aspect: String]
  ) {
    self.id = id
    self.originalID = originalID
    self.isOriginal = isOriginal
    self.editType = editType
    self.text = text
    self.stars = stars
    self.labels = labels
  }

  private enum CodingKeys: String, CodingKey {
    case id
    case originalID = "original_id"
    case isOriginal = "is_original"
    case editType = "edit_type"
    case text = "description"
    case stars = "review_majority"
    case food = "food_aspect_majority"
    case ambiance = "ambiance_aspect_majority"
    case service = "service_aspect_majority"
    case noise = "noise_aspect_majority"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    originalID = try values.decode(String.self, forKey: .originalID)
    isOriginal = try values.decode(Bool.self, forKey: .isOriginal)
    editType = try values.decodeIfPresent(Aspect.self, forKey: .editType)
    text = try values.decode(String.self, forKey: .text)
    let majority = try values.decode(String.self, forKey: .stars)
    stars = Int(majority).flatMap { (1...5).contains($0) ? $0 : nil }
    guard stars != nil || majority == "no majority" else {
      throw DecodingError.dataCorruptedError(
        forKey: .stars, in: values, debugDescription: "\(majority) is no number of stars")
    }
    var labels: [Aspect: String] = [:]
    for (aspect, key) in [
      (Aspect.food, CodingKeys.food), (.ambiance, .ambiance), (.service, .service),
      (.noise, .noise),
    ] {
      labels[aspect] = try values.decodeIfPresent(String.self, forKey: key) ?? ""
    }
    self.labels = labels
  }

  /// The reviews of a file. Throws `configuration` where it is none of CEBaB's.
  package static func read(_ path: String) throws -> [CounterfactualReview] {
    do throws(ModelFileError) {
      return try JSONFile.readAsWritten([CounterfactualReview].self, path: path, entry: "review")
    } catch {
      switch error {
      case .noSuchFile:
        throw StudyError.configuration(
          path: path, problem: "there is no such file; counterfactuals is the folder of CEBaB v1.1")
      case .unexpectedJSON(_, let reason):
        throw StudyError.configuration(
          path: path, problem: "it is no file of CEBaB v1.1: \(reason)")
      default: throw error
      }
    }
  }
}
