/// What the instructions of a training ask for.
package enum MeaningLabels: Encodable, Equatable, Sendable {
  /// What they say.
  case natural
  /// What those of another family say, by permutation number n.
  case permuted(Int)
  /// What theirs do, in words that say nothing.
  case code

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  /// "natural", "permuted-0", "code".
  package var name: String {
    switch self {
    case .natural: "natural"
    case .permuted(let number): "permuted-\(number)"
    case .code: "code"
    }
  }
}
