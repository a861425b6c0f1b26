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

    /// Those that there are, in the order in which they are done.
    public enum Kind: String, Sendable, CaseIterable {
      /// How much of an edit is constant, and how many dimensions the rest has.
      case anatomy
      /// Which blocks and which half of keys and values carry the instruction.
      case contribution
      /// What other strengths around the mean edit do.
      case dose
      /// Which family an edit of an unseen wording is nearest to, and whether that text does the same.
      case reading
      /// Whether lenses say of its values what it does.
      case lenses
      /// Which instruction explains an edit that no text made.
      case inverse
      /// Whether an edit that does one thing and lies near the text of another is found out.
      case wayward
      /// What each word of an instruction does.
      case words
      /// Whether the edits of two steps, added, do both.
      case arithmetic
      /// What other forms of instructions do, and what asks for nothing.
      case stress
      /// Which tokens read an edit, and in which blocks.
      case tracing
      /// What linear probes read of edits and of edited states.
      case probes
      /// How much of an edit one vector after each block has.
      case vectors
      /// Whether an edit does what people's changes of a text do to its rating.
      case cebab
      /// Whether the blocks in which an edit is read are those in which the model's heads carry tasks.
      case functionVectors = "function-vectors"
      /// How few sites and numbers an edit needs, where it is trained to need few.
      case frontier
      /// Whether the best sites are better than random ones after training.
      case randomSites = "random-sites"
      /// Whether an editor learns what words mean faster than what they do not.
      case permuted
      /// Whether a processor learns to say what an edit asks for.
      case reader
      /// What each site's latents do: what those that train need.
      case sites
      /// Which heads carry tasks: what function vectors need, of the model alone.
      case taskHeads = "task-heads"
      /// One training, and what is measured of its editor.
      case cell

      /// Those that a file can ask for.
      static var asked: [Kind] { allCases.filter { ![.sites, .taskHeads, .cell].contains($0) } }
      /// Whether editors with latents by layer are trained for it.
      var trainsEditors: Bool { [.frontier, .randomSites, .permuted].contains(self) }
      /// Whether anything is trained for it.
      var isTrained: Bool { trainsEditors || self == .reader }
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
  /// The folder of CEBaB v1.1; nil where it is not measured.
  public var counterfactuals: String?
  /// Editors by name, in the order of their names.
  public var editors: [(name: String, path: String)] = []
  /// Rows of unseen wordings that are measured, and of each family at most.
  public var rows = Preset.quick.rows
  /// See above.
  public var rowsPerFamily = Preset.quick.rowsPerFamily
  /// Known instructions of a family at most, which the mean edit is of and texts are found among.
  public var knownPerFamily = Preset.quick.knownPerFamily
  /// Points of integrated gradients.
  public var pathPoints = Preset.quick.pathPoints
  /// Families of which an edit is made a control vector, and steps of each.
  public var vectorFamilies = 12
  /// See above.
  public var vectorSteps = 150
  /// Edits that are fitted to a family's answers, and pairs of families of which an edit does one and lies near the other.
  public var inverse = StudyFits(count: 12)
  /// See above.
  public var wayward = StudyFits(count: 6)
  /// Original reviews whose changes are measured, at most.
  public var originals = Preset.quick.originals
  /// What function vectors are made of.
  public var functionVectors = FunctionVectorOptions()
  /// How editors are trained, and which.
  public var training = StudyTraining()
  /// Draws of the bootstrap, and the part of them in an interval.
  public var resamples = 2000
  /// See above.
  public var level = 0.95
  /// What is measured; by the preset where the file does not say it.
  public var experiments: [Experiment] = []
  /// How jobs are handed to a cluster.
  public var array = StudyArray()
  /// Thresholds, by "experiment.metric".
  public var accept: [String: Threshold] = Self.defaultThresholds
  /// Where the report is written, and what it is called; nil for the model's name.
  public var reportPath = "report.html"
  /// See above.
  public var reportTitle: String?

  /// Whether they are of the same files and measure the same.
  public static func == (a: Self, b: Self) -> Bool {
    a.path == b.path && a.name == b.name && a.output == b.output && a.seed == b.seed
      && a.model == b.model && a.data == b.data && a.rows == b.rows && a.accept == b.accept
      && a.vectorFamilies == b.vectorFamilies && a.counterfactuals == b.counterfactuals
      && a.originals == b.originals && a.functionVectors == b.functionVectors
      && [a.inverse, a.wayward] == [b.inverse, b.wayward]
      && a.vectorSteps == b.vectorSteps
      && a.rowsPerFamily == b.rowsPerFamily && a.pathPoints == b.pathPoints && a.array == b.array
      && a.training == b.training && a.experiments == b.experiments
      && a.editors.map(\.path) == b.editors.map(\.path)
  }

  /// Reads the file at `path`. Throws `StudyError.configuration`, and what makes it unreadable.
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
    let known = [
      "study", "output", "preset", "seed", "model", "chat_template", "execution", "data",
      "unrelated", "counterfactuals", "editors", "rows", "train", "bootstrap", "experiments",
      "accept",
      "array", "report",
    ]
    let values = try entries(mapping, "", known: known)
    // What the file says in particular goes over what a preset says, wherever it stands.
    var kinds = Preset.quick.kinds
    if let node = values.first(where: { $0.0 == "preset" })?.1 {
      let preset = try parsed(
        node, "preset", Preset.allCases.map(\.rawValue).joined(separator: ", ")
      ) {
        Preset(rawValue: $0)
      }
      (rows, rowsPerFamily) = (preset.rows, preset.rowsPerFamily)
      (pathPoints, kinds) = (preset.pathPoints, preset.kinds)
      (knownPerFamily, originals) = (preset.knownPerFamily, preset.originals)
      training.seeds = preset.seeds
    }
    experiments = kinds.map { Experiment(kind: $0, editors: []) }
    for (key, value) in values {
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
      case "seed": seed = try parsed(value, key, "a whole number from 0") { UInt64($0) }
      case "model": model = resolved(try text(value, key))
      case "chat_template": chatTemplate = try text(value, key)
      case "execution": try readExecution(value)
      case "data": data = try list(value, key).map { resolved(try text($0, key)) }
      case "unrelated": unrelated = resolved(try text(value, key))
      case "counterfactuals": counterfactuals = resolved(try text(value, key))
      case "editors":
        editors = try entries(try table(value, key), key, known: nil).map {
          ($0.0, resolved(try text($0.1, "editors.\($0.0)")))
        }.sorted { $0.0 < $1.0 }
      case "rows": try readRows(value)
      case "train": try readTraining(value)
      case "bootstrap": try readBootstrap(value)
      case "experiments": try readExperiments(value)
      case "accept": try readAccept(value)
      case "array": try readArray(value)
      case "report": try readReport(value)
      default: break
      }
    }
    if output == "study" { output = resolved("study") }
    // A preset's experiment on data that the file does not name is left out; one that is asked for is not.
    if counterfactuals == nil, !values.contains(where: { $0.0 == "experiments" }) {
      experiments.removeAll { $0.kind == .cebab }
    }
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
    if counterfactuals == nil, experiments.contains(where: { $0.kind == .cebab }) {
      throw problem("experiments.cebab needs counterfactuals, the folder of CEBaB v1.1")
    }
    if data.isEmpty { throw problem("data is missing, rows as for train") }
  }

  private mutating func readExecution(_ node: Node) throws {
    for (key, value) in try entries(
      table(node, "execution"), "execution", known: ["threads", "activations"])
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
      table(node, "rows"), "rows", known: ["unseen", "per_family", "known"])
    {
      let count = try parsed(value, "rows.\(key)", "a whole number from 1 to 100000") {
        Int($0).flatMap { (1...100_000).contains($0) ? $0 : nil }
      }
      switch key {
      case "unseen": rows = count
      case "per_family": rowsPerFamily = count
      default: knownPerFamily = count
      }
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
    experiments = []
    let names = Experiment.Kind.asked.map(\.rawValue)
    for (key, value) in try entries(table(node, "experiments"), "experiments", known: names) {
      guard let kind = Experiment.Kind(rawValue: key) else { continue }
      var chosen: [String]?
      let place = "experiments.\(key)"
      let own: [String] =
        switch kind {
        case .contribution: ["steps"]
        case .vectors, .inverse: ["families", "steps"]
        case .wayward: ["pairs", "steps"]
        case .cebab: ["reviews"]
        case .functionVectors: Self.functionVectorOptions
        default: Self.trainedOptions(of: kind)
        }
      let options = try entries(table(value, place), place, known: ["editors"] + own)
      // What the file names of penalties and sites to keep is all that there are.
      if kind == .frontier, options.contains(where: { $0.0 != "editors" }) {
        (training.penalties, training.kept) = ([], [])
      }
      for (option, value) in options {
        func number(_ most: Int) throws -> Int {
          try parsed(value, "\(place).\(option)", "a whole number from 1 to \(most)") {
            Int($0).flatMap { (1...most).contains($0) ? $0 : nil }
          }
        }
        switch (option, kind) {
        case ("families", .vectors): vectorFamilies = try number(1000)
        case ("families", .inverse): inverse.count = try number(1000)
        case ("steps", .inverse): inverse.steps = try number(100_000)
        case ("pairs", .wayward): wayward.count = try number(1000)
        case ("steps", .wayward): wayward.steps = try number(100_000)
        case ("reviews", .cebab): originals = try number(100_000)
        case ("steps", .vectors): vectorSteps = try number(100_000)
        case ("steps", .contribution): pathPoints = try number(256)
        default:
          if kind == .functionVectors,
            try readFunctionVectors(option, value, "\(place).\(option)")
          {
            continue
          }
          if try readTrained(option, of: kind, value, "\(place).\(option)") { continue }
          chosen = try list(value, "\(place).\(option)").map { try text($0, "\(place).\(option)") }
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

  private mutating func readArray(_ node: Node) throws {
    let known = ["scheduler", "time", "memory", "cpus", "partition", "extra"]
    for (key, value) in try entries(table(node, "array"), "array", known: known) {
      let place = "array.\(key)"
      switch key {
      case "scheduler":
        array.scheduler = try parsed(value, place, "slurm or none") {
          StudyArray.Scheduler(rawValue: $0)
        }
      case "time": array.time = try text(value, place)
      case "memory": array.memory = try text(value, place)
      case "cpus":
        array.cpus = try parsed(value, place, "from 1 to 1024") {
          Int($0).flatMap { (1...1024).contains($0) ? $0 : nil }
        }
      case "partition": array.partition = try text(value, place)
      default: array.extra = try list(value, place).map { try text($0, place) }
      }
    }
  }

  private mutating func readReport(_ node: Node) throws {
    for (key, value) in try entries(table(node, "report"), "report", known: ["path", "title"]) {
      let text = try text(value, "report.\(key)")
      if key == "path" { reportPath = text } else { reportTitle = text }
    }
  }
}
