extension StudyRun {
  /// Figures with thresholds that there is no verdict on: those that this study leaves out or has not come to, for each
  /// editor, and those that no study measures. Throws `damaged`.
  public func unmeasured() throws -> [StudyVerdict] {
    try unmeasured(
      jobs.map { job in
        (job, try JobFolder.results(configuration.output, job)?.map(StudyResult.init))
      })
  }

  private func trainsEditors(_ experiment: String) -> Bool {
    StudyConfiguration.Experiment.Kind(rawValue: experiment)?.trainsEditors ?? false
  }

  func unmeasured(_ found: [(job: StudyJob, lines: [StudyResult]?)]) -> [StudyVerdict] {
    var missing: [StudyVerdict] = []
    for (figure, threshold) in configuration.accept.sorted(by: { $0.key < $1.key }) {
      let parts = figure.split(separator: ".", maxSplits: 1).map(String.init)
      for editor in configuration.editors {
        let name = "\(parts[0])/\(editor.name)"
        let why: String
        if let (_, lines) = found.first(where: { $0.job.name == name }) {
          guard let lines else {
            missing.append(
              StudyVerdict(
                notRun: name, parts[1], threshold: threshold.text, why: "not done yet"))
            continue
          }
          guard !lines.contains(where: { $0.kind == "verdict" && $0.metric == parts[1] }) else {
            continue
          }
          why = "there is no such figure of this editor"
        } else if trainsEditors(parts[0]), prefixes.contains(editor.name) {
          why = "the editor has no latents by layer"
        } else {
          why = "not among the experiments of this study"
        }
        missing.append(
          StudyVerdict(notRun: name, parts[1], threshold: threshold.text, why: why))
      }
    }
    return missing
      + UnmeasuredFigure.all.map {
        StudyVerdict(notRun: $0.experiment, $0.metric, threshold: $0.threshold, why: $0.why)
      }
  }
}
