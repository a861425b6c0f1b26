/// What the jobs of a study measure, and what they need of one another.
extension StudyRun {
  /// A job and in front of it those that it needs, and that these need.
  func needed(_ job: StudyJob) -> [StudyJob] {
    var ids: Set<String> = [job.id]
    // What is needed stands in front of what needs it.
    for candidate in jobs.reversed() where ids.contains(candidate.id) {
      ids.formUnion(candidate.needs)
    }
    return jobs.filter { ids.contains($0.id) }
  }

  func isDone(_ id: String) throws -> Bool { try results(of: id) != nil }

  /// The results of a job of the plan that is done.
  private func results(of id: String) throws -> (job: StudyJob, lines: [StudyResult])? {
    guard let job = jobs.first(where: { $0.id == id }),
      let lines = try JobFolder.results(configuration.output, job)
    else { return nil }
    return (job, try lines.map(StudyResult.init))
  }

  /// What a job measures; what it needs is done, and `folder` is its own.
  func experiment(
    _ job: StudyJob, _ folder: String, _ material: StudyMaterial
  ) throws -> any StudyExperiment {
    let needed = try job.needs.compactMap(results)
    let map = needed.first { $0.job.kind == .sites }.flatMap { SiteMapExperiment.order($0.lines) }
    let cells = needed.compactMap { found in found.job.cell.map { ($0, found.lines) } }
    switch job.kind {
    case .sites: return try SiteMapExperiment(material)
    case .cell:
      guard let cell = job.cell else { preconditionFailure("a training says what is trained") }
      return try CellExperiment(material, cell, order: map?.order ?? [], folder: folder)
    case .frontier: return FrontierExperiment(material, cells)
    case .randomSites: return RandomSitesExperiment(material, cells, mass: map?.mass ?? [:])
    case .permuted: return PermutedExperiment(material, cells)
    case .reader: return try ReaderExperiment(material, folder: folder)
    case .functionVectors:
      return FunctionVectorsExperiment(
        material,
        Dictionary(needed.map { ($0.job.kind, $0.lines) }) { first, _ in first })
    default: return try measured(job.kind, material)
    }
  }

  /// An experiment that takes editors as they are.
  private func measured(
    _ kind: StudyConfiguration.Experiment.Kind, _ material: StudyMaterial
  ) throws -> any StudyExperiment {
    switch kind {
    case .anatomy: AnatomyExperiment(material)
    case .contribution: ContributionExperiment(material)
    case .dose: try DoseExperiment(material)
    case .reading: ReadingExperiment(material)
    case .lenses: LensesExperiment(material)
    case .inverse: InverseExperiment(material)
    case .wayward: WaywardExperiment(material)
    case .words: WordsExperiment(material)
    case .arithmetic: ArithmeticExperiment(material)
    case .stress: StressExperiment(material)
    case .tracing: TracingExperiment(material)
    case .probes: ProbesExperiment(material)
    case .vectors: VectorsExperiment(material)
    case .cebab: try CounterfactualExperiment(material)
    case .taskHeads: try TaskHeadsExperiment(material)
    case .frontier, .randomSites, .permuted, .reader, .sites, .cell, .functionVectors:
      preconditionFailure("it needs what others found")
    }
  }
}
