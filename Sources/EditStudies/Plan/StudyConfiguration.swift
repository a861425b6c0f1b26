import EditorTraining
import ModelFiles
import TensorKernels
import Yams

/// What a study is of and what it measures, as its YAML file says. Paths are relative to the file.
public struct StudyConfiguration: Sendable, Equatable {
  /// An experiment and what it is done with.
  public struct Experiment: Sendable, Equatable {
    /// Which it is.
    public let kind: Kind
    /// Names of editors.
    public let editors: [String]

    /// Those that there are.
    public enum Kind: String, Sendable, CaseIterable {
      /// How much of an edit is constant, and how many dimensions the rest has.
      case anatomy
      /// Which blocks and which half of keys and values carry the instruction.
      case contribution
      /// What other strengths around the mean edit do.
      case dose
      /// Which family an edit of an unseen wording is nearest to.
      case reading
    }

    /// Experiments of the specification that there are not yet.
    static let planned = [
      "words", "arithmetic", "tracing", "probes", "stress", "cebab", "function-vectors", "frontier",
    ]
  }

  /// A threshold that was set before anything was measured.
  public struct Threshold: Sendable, Equatable {
    /// As it is written: ">= 0.85".
    public let text: String
    /// Whether a value above it passes, or one below; and whether the bound itself does.
    public let isAbove, includesBound: Bool
    /// The bound.
    public let bound: Double

    init?(_ text: String) {
      let parts = text.split(separator: " ", omittingEmptySubsequences: true)
      guard parts.count == 2, let bound = Double(parts[1]), bound.isFinite,
        [">", ">=", "<", "<="].contains(parts[0])
      else { return nil }
      self.text = parts.joined(separator: " ")
      isAbove = parts[0].hasPrefix(">")
      includesBound = parts[0].hasSuffix("=")
      self.bound = bound
    }

    /// Whether `value` passes.
    public func holds(_ value: Double) -> Bool {
      if value == bound { return includesBound }
      return isAbove ? value > bound : value < bound
    }
  }

  /// The file.
  public let path: String
  /// The name, of small letters, digits and dashes.
  public var name = ""
  /// The folder that everything is written to.
  public var output = "study"
  /// Of all random draws.
  public var seed: UInt64 = 0
  /// The model's file.
  public var model = ""
  /// How prompts are written; nil for what the model's file says.
  public var chatTemplate: String?
  /// Threads; nil for all.
  public var threads: Int?
  /// How activations are taken.
  public var activations = ActivationPrecision.int8
  /// Files of rows.
  public var data: [String] = []
  /// A text that edits should not change; nil for one that is built in.
  public var unrelated: String?
  /// Editors by name, in the order of their names.
  public var editors: [(name: String, path: String)] = []
  /// Rows of unseen wordings that are measured, and of each family at most.
  public var rows = 96
  /// See above.
  public var rowsPerFamily = 8
  /// Draws of the bootstrap, and the part of them in an interval.
  public var resamples = 2000
  /// See above.
  public var level = 0.95
  /// What is measured.
  public var experiments: [Experiment] = []
  /// Thresholds, by "experiment.metric".
  public var accept: [String: Threshold] = Self.defaultThresholds
  /// Where the report is written, and what it is called; nil for the model's name.
  public var reportPath = "report.html"
  /// See above.
  public var reportTitle: String?

  /// Of the specification (docs/study.md).
  public static let defaultThresholds: [String: Threshold] = [
    "anatomy.dimensions_90": "<= 64",
    "contribution.share_values": ">= 0.85",
    "contribution.share_keys": "<= 0.25",
    "contribution.cpr_over_random": "> 0.2",
    "contribution.reliability": ">= 0.9",
    "dose.monotone": ">= 1",
    "reading.family_at_1": ">= 0.75",
    "reading.over_words": ">= 0.1",
  ].compactMapValues(Threshold.init)

  /// Whether they are of the same files and measure the same.
  public static func == (a: Self, b: Self) -> Bool {
    a.path == b.path && a.name == b.name && a.output == b.output && a.seed == b.seed
      && a.model == b.model && a.data == b.data && a.rows == b.rows && a.accept == b.accept
      && a.experiments == b.experiments && a.editors.map(\.path) == b.editors.map(\.path)
  }

  /// Reads the file at `path`. Throws `StudyError.configuration` and `notThere`, and what makes it unreadable.
  public init(path: String) throws {
    self.path = path
    try read(TextFile.read(path))
  }

  /// What `yaml` says; `path` is for messages and what paths are relative to.
  init(yaml: String, path: String) throws {
    self.path = path
    try read(yaml)
  }

  private mutating func read(_ yaml: String) throws {
    let node: Node?
    do { node = try compose(yaml: yaml) } catch {
      throw problem("it is no YAML: \(printable("\(error)"))")
    }
    guard let node, case .mapping(let mapping) = node else {
      throw problem("it is no list of names and values")
    }
    let planned = ["grids", "baselines", "train", "array", "halves"]
    let known = [
      "study", "output", "preset", "seed", "model", "chat_template", "execution", "data",
      "unrelated",
      "editors", "rows", "bootstrap", "experiments", "accept", "report",
    ]
    for (key, value) in try entries(mapping, "", known: known, planned: planned) {
      switch key {
      case "study":
        name = try text(value, key)
        guard !name.isEmpty,
          name.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789-".contains($0) })
        else {
          throw problem(
            "study is \(printable(name)), and must be of small letters, digits and dashes")
        }
      case "output": output = resolved(try text(value, key))
      case "preset":
        let preset = try text(value, key)
        guard preset == "quick" else {
          throw problem(
            "preset is \(printable(preset)), and there is quick; standard and full have experiments that are not there yet"
          )
        }
      case "seed": seed = try parsed(value, key, "a whole number from 0") { UInt64($0) }
      case "model": model = resolved(try text(value, key))
      case "chat_template": chatTemplate = try text(value, key)
      case "execution": try readExecution(value)
      case "data": data = try list(value, key).map { resolved(try text($0, key)) }
      case "unrelated": unrelated = resolved(try text(value, key))
      case "editors":
        editors = try entries(try table(value, key), key, known: nil).map {
          ($0.0, resolved(try text($0.1, "editors.\($0.0)")))
        }.sorted { $0.0 < $1.0 }
      case "rows": try readRows(value)
      case "bootstrap": try readBootstrap(value)
      case "experiments": try readExperiments(value)
      case "accept": try readAccept(value)
      case "report": try readReport(value)
      default: break
      }
    }
    if output == "study" { output = resolved("study") }
    try check()
  }

  private func check() throws {
    for (field, isMissing) in [
      ("study", name.isEmpty), ("model", model.isEmpty), ("editors", editors.isEmpty),
      ("experiments", experiments.isEmpty),
    ] where isMissing { throw problem("\(field) is missing") }
    for experiment in experiments {
      for editor in experiment.editors where !editors.contains(where: { $0.name == editor }) {
        throw problem(
          "experiments.\(experiment.kind.rawValue) names the editor \(printable(editor)), and there are "
            + editors.map(\.name).joined(separator: ", "))
      }
    }
    if data.isEmpty { throw problem("data is missing, rows as for train") }
  }

  private mutating func readExecution(_ node: Node) throws {
    for (key, value) in try entries(
      table(node, "execution"), "execution", known: ["threads", "activations"],
      planned: ["memory", "backward"])
    {
      switch key {
      case "threads":
        threads = try parsed(value, "execution.threads", "from 1 to 1024") {
          Int($0).flatMap { (1...1024).contains($0) ? $0 : nil }
        }
      default:
        activations = try parsed(value, "execution.activations", "int8 or f32") {
          ActivationPrecision(rawValue: $0)
        }
      }
    }
  }

  private mutating func readRows(_ node: Node) throws {
    for (key, value) in try entries(
      table(node, "rows"), "rows", known: ["unseen", "per_family"],
      planned: ["compositional", "family"])
    {
      let count = try parsed(value, "rows.\(key)", "a whole number from 1 to 100000") {
        Int($0).flatMap { (1...100_000).contains($0) ? $0 : nil }
      }
      if key == "unseen" { rows = count } else { rowsPerFamily = count }
    }
  }

  private mutating func readBootstrap(_ node: Node) throws {
    for (key, value) in try entries(
      table(node, "bootstrap"), "bootstrap", known: ["resamples", "level", "clusters"])
    {
      switch key {
      case "resamples":
        resamples = try parsed(value, "bootstrap.resamples", "from 10 to 1000000") {
          Int($0).flatMap { (10...1_000_000).contains($0) ? $0 : nil }
        }
      case "level":
        level = try parsed(value, "bootstrap.level", "between 0 and 1") {
          Double($0).flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
        }
      default:
        guard try text(value, "bootstrap.clusters") == "families" else {
          throw problem("bootstrap.clusters must be families")
        }
      }
    }
  }

  private mutating func readExperiments(_ node: Node) throws {
    let names = Experiment.Kind.allCases.map(\.rawValue)
    for (key, value) in try entries(
      table(node, "experiments"), "experiments", known: names + Experiment.planned)
    {
      guard let kind = Experiment.Kind(rawValue: key) else {
        throw StudyError.notThere(path: path, name: key, there: names)
      }
      var chosen: [String]?
      for (option, value) in try entries(
        table(value, "experiments.\(key)"), "experiments.\(key)", known: ["editors"])
      {
        chosen = try list(value, "experiments.\(key).\(option)").map {
          try text($0, "experiments.\(key).\(option)")
        }
      }
      experiments.append(Experiment(kind: kind, editors: chosen ?? []))
    }
    experiments.sort { a, b in
      Experiment.Kind.allCases.firstIndex(of: a.kind)! < Experiment.Kind.allCases.firstIndex(
        of: b.kind)!
    }
  }

  private mutating func readAccept(_ node: Node) throws {
    for (key, value) in try entries(
      table(node, "accept"), "accept", known: Self.defaultThresholds.keys.sorted())
    {
      accept[key] = try parsed(value, "accept.\(key)", "as \">= 0.8\"") { Threshold($0) }
    }
  }

  private mutating func readReport(_ node: Node) throws {
    for (key, value) in try entries(table(node, "report"), "report", known: ["path", "title"]) {
      let text = try text(value, "report.\(key)")
      if key == "path" { reportPath = text } else { reportTitle = text }
    }
  }
}

/// Values of the file.
extension StudyConfiguration {
  fileprivate func problem(_ text: String) -> StudyError {
    .configuration(path: path, problem: text)
  }

  /// Names and values, each name once and `known`; of `planned` it is said that they are not there yet.
  fileprivate func entries(
    _ mapping: Node.Mapping, _ place: String, known: [String]?, planned: [String] = []
  ) throws -> [(String, Node)] {
    var seen: Set<String> = []
    return try mapping.map { key, value in
      let name = key.scalar?.string ?? "?"
      let full = place.isEmpty ? name : "\(place).\(name)"
      if planned.contains(name) {
        throw problem("\(printable(full)) is not there yet; leave it out")
      }
      if let known, !known.contains(name) {
        let nearest = nearestName(to: name, of: known)
        throw problem(
          "\(printable(full)) is not known; "
            + (nearest.map { "did you mean \($0)?" } ?? "there are \(known.joined(separator: ", "))")
        )
      }
      guard seen.insert(name).inserted else {
        throw problem("\(printable(full)) stands there twice")
      }
      return (name, value)
    }
  }

  fileprivate func table(_ node: Node, _ place: String) throws -> Node.Mapping {
    guard case .mapping(let mapping) = node else {
      throw problem("\(place) must be a table of names and values")
    }
    return mapping
  }

  fileprivate func text(_ node: Node, _ place: String) throws -> String {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
      throw problem("\(place) must be a text")
    }
    return scalar.string
  }

  fileprivate func list(_ node: Node, _ place: String) throws -> [Node] {
    switch node {
    case .sequence(let sequence): return Array(sequence)
    case .scalar: return [node]
    default: throw problem("\(place) must be a list")
    }
  }

  fileprivate func parsed<Value>(
    _ node: Node, _ place: String, _ needed: String, _ parse: (String) -> Value?
  ) throws -> Value {
    let text = try text(node, place)
    guard let value = parse(text) else {
      throw problem("\(place) is \(printable(text)), and must be \(needed)")
    }
    return value
  }

  /// `path` as seen from the file's folder.
  fileprivate func resolved(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
    return self.path[...slash] + path
  }
}
