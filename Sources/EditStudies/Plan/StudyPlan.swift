import EditorTraining
import InstructionEditors

/// The jobs of a study: each experiment on each of its editors, and in front of those that train what they need.
struct StudyPlan {
  private let configuration: StudyConfiguration
  private let editors: [String: EditorConfiguration]
  private let contents: (StudyConfiguration.Experiment, String) -> StudyJob.Contents
  private(set) var jobs: [StudyJob] = []

  /// `contents` of an experiment on the editor of that name, without what a training adds. Throws `configuration` where an
  /// editor is asked for that an experiment is not for.
  init(
    _ configuration: StudyConfiguration, editors: [String: EditorConfiguration],
    contents: @escaping (StudyConfiguration.Experiment, String) -> StudyJob.Contents
  ) throws {
    self.configuration = configuration
    self.editors = editors
    self.contents = contents
    for experiment in configuration.experiments {
      for editor in configuration.editors {
        guard experiment.editors.isEmpty || experiment.editors.contains(editor.name) else {
          continue
        }
        if experiment.kind.needsStates, editors[editor.name]!.interface.part == .values {
          guard !experiment.editors.isEmpty else { continue }
          throw configuration.problem(
            "experiments.\(experiment.kind.rawValue) names the editor \(editor.name), which is of interface p7 and edits "
              + "values of the first token, whose states stay as they are; name editors that edit states"
          )
        }
        guard experiment.kind.trainsEditors else {
          try append(
            StudyJob(
              contents(experiment, editor.name), kind: experiment.kind, editor: editor))
          continue
        }
        guard editors[editor.name]!.hasHeadsOfInstructions else {
          guard !experiment.editors.isEmpty else { continue }
          throw configuration.problem(
            "experiments.\(experiment.kind.rawValue) names the editor \(editor.name), which is of interface "
              + "\(editors[editor.name]!.interface.rawValue) and has no latents by layer that come from the instruction "
              + "alone, each layer's from a matrix of its own; name editors of interface p0, p1 or p7"
          )
        }
        try appendTrained(experiment, editor)
      }
    }
  }

  private mutating func append(_ job: StudyJob) {
    if !jobs.contains(where: { $0.id == job.id }) { jobs.append(job) }
  }

  private mutating func appendTrained(
    _ experiment: StudyConfiguration.Experiment, _ editor: (name: String, path: String)
  ) throws {
    let training = configuration.training
    let layers = editors[editor.name]!.layers
    var cells: [StudyCell] = []
    switch experiment.kind {
    case .frontier:
      for seed in training.seeds {
        cells.append(cell(seed))
        for (kind, strengths) in training.penalties {
          cells += strengths.map {
            var cell = cell(seed)
            (cell.penalty, cell.strength) = (kind, $0)
            return cell
          }
        }
        cells += best(training.kept, of: layers, seed)
      }
      // Beside random sites, where these are trained too.
      if isAsked(.randomSites, of: editor.name) { cells += randomSites(layers) }
    case .randomSites: cells = randomSites(layers)
    default:
      for seed in training.seeds {
        let all: [MeaningLabels] =
          [.natural] + (0..<training.permutations).map { .permuted($0) } + [.code]
        cells += all.map { labels in
          var cell = cell(seed)
          cell.labels = labels
          cell.isNew = true
          let steps = training.permutedSteps
          cell.evaluations =
            Array(stride(from: training.permutedInterval, to: steps, by: training.permutedInterval))
            + [steps]
          return cell
        }
      }
    }
    var map: String?
    // Penalties choose their sites themselves.
    if experiment.kind == .randomSites || cells.contains(where: \.sites.isBest) {
      let job = try job(.sites, experiment, editor)
      map = job.id
      append(job)
    }
    var needs: [String] = []
    for cell in cells {
      let job = try job(
        .cell, experiment, editor, cell, needs: cell.sites.isBest ? [map].compactMap { $0 } : [])
      append(job)
      if !needs.contains(job.id) { needs.append(job.id) }
    }
    append(
      try job(experiment.kind, experiment, editor, needs: [map].compactMap { $0 } + needs))
  }

  private func job(
    _ kind: StudyConfiguration.Experiment.Kind, _ experiment: StudyConfiguration.Experiment,
    _ editor: (name: String, path: String), _ cell: StudyCell? = nil, needs: [String] = []
  ) throws -> StudyJob {
    var contents = contents(
      StudyConfiguration.Experiment(kind: kind, editors: experiment.editors), editor.name)
    contents.cell = cell
    contents.needs = needs.isEmpty ? nil : needs
    return try StudyJob(contents, kind: kind, editor: editor)
  }

  private func isAsked(_ kind: StudyConfiguration.Experiment.Kind, of editor: String) -> Bool {
    configuration.experiments.contains {
      $0.kind == kind && ($0.editors.isEmpty || $0.editors.contains(editor))
    }
  }

  /// A training without a penalty.
  private func cell(_ seed: UInt64) -> StudyCell {
    let training = configuration.training
    return StudyCell(
      seed: seed, evaluations: [training.steps], batchSize: training.batchSize,
      learningRate: training.learningRate, backboneRate: training.backboneRate,
      backward: training.backward.rawValue)
  }

  private func best(_ counts: [Int], of layers: [Int], _ seed: UInt64) -> [StudyCell] {
    counts.filter { $0 < layers.count }.map {
      var cell = cell(seed)
      cell.sites = .best($0)
      return cell
    }
  }

  /// The best sites and as many random ones, and all, which shares are of.
  private func randomSites(_ layers: [Int]) -> [StudyCell] {
    let training = configuration.training
    let counts = training.randomCounts.filter { $0 < layers.count }
    return training.seeds.flatMap { seed in
      [cell(seed)] + best(counts, of: layers, seed)
        + counts.flatMap { count in
          (0..<training.randomSets).map { draw in
            var random = SeededGenerator(
              configuration.seed, 0x5349_5445, UInt64(count), UInt64(draw))
            var order = layers
            random.shuffle(&order)
            var cell = cell(seed)
            cell.sites = .drawn(count, draw: draw, layers: order.prefix(count).sorted())
            return cell
          }
        }
    }
  }
}

extension StudyConfiguration.Experiment.Kind {
  /// Whether it asks for states of the tokens in front from which their keys and values come, which edits of values alone
  /// do not have.
  fileprivate var needsStates: Bool {
    [.contribution, .words, .lenses, .inverse, .wayward, .reader].contains(self)
  }
}
