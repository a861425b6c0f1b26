import EditorTraining
import Yams

/// How a reader of edits is trained.
public struct ReaderOptions: Sendable, Equatable, Encodable {
  /// Steps, and edits of each.
  public var steps = 400
  /// See above.
  public var batchSize = 16
  /// The rank of the adapters on all linear layers; their alpha is twice that.
  public var rank = 16
  /// The rate at its highest: up in a line over the first twentieth of the steps, then down along half a wave.
  public var learningRate: Float = 1e-3
  /// In which numbers gradients are multiplied; that of the study's other trainings.
  public var backward = ""

  /// 400 steps of 16 edits, rank 16.
  public init() {}
}

/// What the file says of readers.
extension StudyConfiguration {
  /// How readers are trained in this study.
  var reader: ReaderOptions {
    var options = training.reader
    options.backward = training.backward.rawValue
    return options
  }

  static let readerOptions = ["steps", "batch_size", "rank", "learning_rate"]

  /// An option of the experiment `reader`; whether it is one.
  mutating func readReader(_ option: String, _ value: Node, _ place: String) throws -> Bool {
    switch option {
    case "steps": training.reader.steps = try count(value, place, most: 100_000)
    case "batch_size": training.reader.batchSize = try count(value, place, most: 1024)
    case "rank": training.reader.rank = try count(value, place, most: 1024)
    case "learning_rate": training.reader.learningRate = try rate(value, place)
    default: return false
    }
    return true
  }
}
