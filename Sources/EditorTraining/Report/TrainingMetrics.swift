import Foundation
import ModelFiles

/// One line of metrics.jsonl: what was measured at a step. What was not measured is left out; a number
/// that is not finite is written as "nan", "inf" or "-inf".
public struct TrainingMetrics: Codable, Sendable, Equatable {
  /// What a line is about.
  public enum Kind: String, Codable, Sendable {
    /// A step, or the mean of the steps since the last such line.
    case train
    /// The rows that are kept for validation.
    case validation
    /// The whole run; the last line.
    case summary
  }

  /// Mean losses over rows that are not trained on, in nat for each scored token.
  public struct Validation: Codable, Sendable, Equatable {
    /// With the edit of the row's instruction.
    public var edited: Double
    /// Without an edit.
    public var ablated: Double?
    /// With the edit of another row's instruction.
    public var shuffled: Double?
    /// With the instruction in the prompt and no edit.
    public var prompted: Double?
    /// Tokens that were scored.
    public var tokens: Int

    /// Losses of `tokens` tokens.
    public init(
      edited: Double, ablated: Double? = nil, shuffled: Double? = nil, prompted: Double? = nil,
      tokens: Int
    ) {
      self.edited = edited
      self.ablated = ablated
      self.shuffled = shuffled
      self.prompted = prompted
      self.tokens = tokens
    }
  }

  /// Steps taken.
  public var step: Int
  /// What the line is about.
  public var kind: Kind
  /// What is minimized, mean over the steps: the parts below, weighted.
  public var loss: Double?
  /// Its cross-entropy, in nat for each scored token.
  public var crossEntropy: Double?
  /// Its divergence from the prompted processor, in nat for each scored token.
  public var distillation: Double?
  /// The rest: what regularizers add.
  public var regularization: Double?
  /// The factor of the schedule.
  public var rateFactor: Double?
  /// The gradients' norm before clipping.
  public var gradientNorm: Double?
  /// Tokens of all sequences since the start, padding not counted.
  public var tokens: Int?
  /// Of the steps of the line, or of the run.
  public var tokensPerSecond: Double?
  /// Since the start, pauses left out.
  public var seconds: Double?
  /// By the split: "seen", "unseen", "compositional".
  public var validation: [String: Validation]?
  /// The largest resident set so far.
  public var peakRssBytes: Int?

  /// A line with nothing measured yet.
  public init(step: Int, kind: Kind) {
    self.step = step
    self.kind = kind
  }

  /// As a line of JSON with snake-case keys in alphabetical order, without its end.
  func line() -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("numbers and texts can be written as JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }

  /// What `line()` wrote, or nil where it is something else.
  init?(line: some Collection<UInt8>) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let value = try? decoder.decode(TrainingMetrics.self, from: Data(line)) else {
      return nil
    }
    self = value
  }
}

/// Lines of metrics.jsonl that are whole.
struct MetricsLines {
  /// The lines, in order, up to the first that is broken.
  private(set) var metrics: [TrainingMetrics] = []
  /// The byte behind each line.
  private(set) var ends: [Int] = []

  /// Reads the file at `path`; there is nothing in a file that is empty or not there.
  init(path: String) throws(EditorTrainingError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch {
      switch error {
      case .noSuchFile, .emptyFile: return
      default: throw .file(error)
      }
    }
    defer { withExtendedLifetime(file) {} }
    var start = 0
    while let end = file.bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let line = TrainingMetrics(line: file.bytes[start..<end]) else { return }
      metrics.append(line)
      ends.append(end + 1)
      start = end + 1
    }
  }
}
