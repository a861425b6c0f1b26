import EditorTraining

/// A training of a study, and what of its editor is measured: what is told apart by its id (docs/study.md).
struct StudyCell: Encodable, Equatable {
  /// Sites that are open.
  enum Sites: Encodable, Equatable {
    case all
    /// The first so many by the map of sites that the cell needs.
    case best(Int)
    /// So many that are drawn, set number `draw`; they are in `layers`.
    case drawn(Int, draw: Int, layers: [Int])

    var isBest: Bool { if case .best = self { true } else { false } }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .all: try container.encode("all")
      case .best(let count): try container.encode("best \(count)")
      case .drawn(_, _, let layers):
        try container.encode(layers.map(String.init).joined(separator: ","))
      }
    }
  }

  var penalty = EditSparsity.Kind.none
  var strength = 0.0
  var sites = Sites.all
  /// Of heads that begin as the nearest to the editor's own of so low a rank.
  var rank: Int?
  /// What instructions ask for, where that is changed or the control of that.
  var labels: MeaningLabels?
  /// Whether it begins with a new editor of the same blueprint.
  var isNew = false
  var seed: UInt64 = 0
  /// Steps after which losses are measured; training ends with the last.
  var evaluations: [Int] = []
  var batchSize = 8
  var learningRate: Float = 0
  var backboneRate: Float = 0
  var backward = ""

  /// What stands behind the editor's name in that of the job.
  var name: String {
    let what: String =
      switch (labels, sites) {
      case (let labels?, _): labels.name
      case (_, .best(let count)): "best-\(count)"
      case (_, .drawn(let count, let draw, _)): "random-\(count)-\(draw)"
      default:
        rank.map { "rank-\($0)" }
          ?? (penalty == .none ? "none" : "\(penalty.rawValue)-\(strength)")
      }
    return "\(what)/seed-\(seed)"
  }

  /// With the sites that `order`, blocks, the best first, says; `labels` alone train all of an editor.
  func sparsity(_ order: [Int]) -> EditSparsity? {
    guard labels == nil else { return nil }
    let layers: [Int]? =
      switch sites {
      case .all: nil
      case .best(let count): order.prefix(count).sorted()
      case .drawn(_, _, let layers): layers
      }
    return EditSparsity(penalty, strength: strength, layers: layers)
  }
}
