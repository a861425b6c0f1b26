import EditorTraining
import LanguageModels
import Yams

/// How the editors of a study are trained, and which.
public struct StudyTraining: Sendable, Equatable {
  /// Steps of a training, and rows of each.
  public var steps = 150
  /// See above.
  public var batchSize = 8
  /// Learning rates of heads and backbone.
  public var learningRate: Float = 5e-4
  /// See above.
  public var backboneRate: Float = 3e-4
  /// In which numbers gradients are multiplied.
  public var backward = BackwardPrecision.bf16
  /// Of the order of rows and of draws; each training is done with each of them.
  public var seeds: [UInt64] = [0]
  /// Of the frontier: penalties, each with strengths.
  public var penalties: [(kind: EditSparsity.Kind, strengths: [Double])] = Self.usualPenalties
  /// Of the frontier: ranks that heads are begun with and kept at, without a penalty.
  public var ranks: [Int] = []
  /// Of the frontier: how many of the best sites are kept without a penalty.
  public var kept = [1, 2, 4, 8, 16]
  /// Of random sites: how many, and sets of each number.
  public var randomCounts = [3, 6]
  /// See above.
  public var randomSets = 19
  /// Of permuted meanings: steps, steps from one measurement to the next, and permutations.
  public var permutedSteps = 350
  /// See above.
  public var permutedInterval = 50
  /// See above.
  public var permutations = 1
  /// Of readers of edits.
  public var reader = ReaderOptions()

  private static let usualPenalties: [(kind: EditSparsity.Kind, strengths: [Double])] = [
    (.l0, [0.001, 0.003, 0.01, 0.03, 0.1]), (.group, [0.25, 0.5, 1, 2, 4]),
    (.rows, [0.25, 0.5, 1, 2, 4]),
  ]

  /// One seed of each.
  public init() {}

  /// Whether they train the same.
  public static func == (a: Self, b: Self) -> Bool {
    a.steps == b.steps && a.batchSize == b.batchSize && a.learningRate == b.learningRate
      && a.backboneRate == b.backboneRate && a.backward == b.backward && a.seeds == b.seeds
      && a.penalties.map(\.kind) == b.penalties.map(\.kind)
      && a.penalties.map(\.strengths) == b.penalties.map(\.strengths) && a.kept == b.kept
      && a.ranks == b.ranks
      && a.randomCounts == b.randomCounts && a.randomSets == b.randomSets
      && a.permutedSteps == b.permutedSteps && a.permutedInterval == b.permutedInterval
      && a.permutations == b.permutations && a.reader == b.reader
  }
}

/// What the file says of trainings.
extension StudyConfiguration {
  mutating func readTraining(_ node: Node) throws {
    let known = [
      "steps", "batch_size", "learning_rate", "backbone_learning_rate", "backward", "seeds",
    ]
    for (key, value) in try entries(table(node, "train"), "train", known: known) {
      let place = "train.\(key)"
      switch key {
      case "steps": training.steps = try count(value, place, most: 100_000)
      case "batch_size": training.batchSize = try count(value, place, most: 1024)
      case "learning_rate": training.learningRate = try rate(value, place)
      case "backbone_learning_rate": training.backboneRate = try rate(value, place)
      case "backward":
        training.backward = try parsed(
          value, place, BackwardPrecision.allCases.map(\.rawValue).joined(separator: ", ")
        ) { BackwardPrecision(rawValue: $0) }
      default:
        training.seeds = try list(value, place).map { node in
          try parsed(node, place, "whole numbers that are not negative") { UInt64($0) }
        }
        guard Set(training.seeds).count == training.seeds.count, !training.seeds.isEmpty else {
          throw problem("\(place) must be different numbers, one at least")
        }
      }
    }
  }

  /// Options of the experiments that train; whether `option` of `kind` is one.
  mutating func readTrained(
    _ option: String, of kind: Experiment.Kind, _ value: Node, _ place: String
  ) throws -> Bool {
    switch (kind, option) {
    case (.frontier, "best"):
      training.kept = try numbers(value, place)
    case (.frontier, "rank"):
      training.ranks = try numbers(value, place)
    case (.frontier, _):
      guard let penalty = EditSparsity.Kind(rawValue: option), penalty != .none else {
        return false
      }
      training.penalties.append((penalty, try strengths(value, place)))
    case (.randomSites, "sites"): training.randomCounts = try numbers(value, place)
    case (.randomSites, "sets"): training.randomSets = try count(value, place, most: 1000)
    case (.permuted, "steps"): training.permutedSteps = try count(value, place, most: 100_000)
    case (.permuted, "interval"): training.permutedInterval = try count(value, place, most: 100_000)
    case (.permuted, "permutations"): training.permutations = try count(value, place, most: 100)
    case (.reader, _): return try readReader(option, value, place)
    default: return false
    }
    return true
  }

  /// Options of `kind` beside `editors`.
  static func trainedOptions(of kind: Experiment.Kind) -> [String] {
    switch kind {
    case .frontier:
      ["best", "rank"] + EditSparsity.Kind.allCases.filter { $0 != .none }.map(\.rawValue)
    case .randomSites: ["sites", "sets"]
    case .permuted: ["steps", "interval", "permutations"]
    case .reader: readerOptions
    default: []
    }
  }

  func count(_ node: Node, _ place: String, most: Int) throws -> Int {
    try parsed(node, place, "a whole number from 1 to \(most)") {
      Int($0).flatMap { (1...most).contains($0) ? $0 : nil }
    }
  }

  func rate(_ node: Node, _ place: String) throws -> Float {
    try parsed(node, place, "a number from 0 to 1") {
      Float($0).flatMap { $0.isFinite && (0...1).contains($0) ? $0 : nil }
    }
  }

  private func numbers(_ node: Node, _ place: String) throws -> [Int] {
    let found = try list(node, place).map { try count($0, place, most: 10_000) }
    guard Set(found).count == found.count, !found.isEmpty else {
      throw problem("\(place) must be different whole numbers, one at least")
    }
    return found.sorted()
  }

  private func strengths(_ node: Node, _ place: String) throws -> [Double] {
    let found = try list(node, place).map { node in
      try parsed(node, place, "numbers above 0") {
        Double($0).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
      }
    }
    guard Set(found).count == found.count, !found.isEmpty else {
      throw problem("\(place) must be different numbers above 0, one at least")
    }
    return found.sorted()
  }
}
