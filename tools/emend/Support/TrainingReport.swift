import EditorTraining

/// What is going to be trained, on what, in how much memory: said before the first step.
struct TrainingReport {
  let training: PreparedTraining

  /// Lines for standard error.
  func log() {
    let overview = training.overview
    let m = overview.plannedBytes
    line(
      overview.network,
      "\(overview.trainedParameters) of \(overview.parameters) parameters are trained")
    line("rows", training.input.summary)
    if let ranks = overview.ranks {
      line("ranks", "\(ranks); threads of the first, by cores it is bound to: \(overview.threads)")
    }
    let exchange = m.exchange.map { ", \(Memory.display($0)) exchange" } ?? ""
    line(
      "memory",
      "\(Memory.display(m.program)) program, \(Memory.display(m.model)) model, \(Memory.display(m.editor)) editor, "
        + "\(Memory.display(m.gradients)) gradients, \(Memory.display(m.moments)) moments, "
        + "\(Memory.display(m.modelPasses)) and \(Memory.display(m.editorPasses)) passes\(exchange): "
        + "\(Memory.display(m.total))")
    if let teachers = training.teachers, let bytes = overview.teacherCacheBytes {
      line("teacher", "up to \(Memory.display(bytes)) in \(teachers.folder)")
    }
    for problem in training.input.problems.prefix(5) { Console.log("left out: \(problem)") }
  }

  /// How often the teacher's states were there, once the training is over.
  func logTeachers() {
    guard let teachers = training.teachers else { return }
    let counts = teachers.counts
    line("teacher", "\(counts.read) times read, \(counts.computed) computed (\(teachers.folder))")
  }

  /// The same as the first line of `--json`: an object whose one key is `plan`.
  func printJSON() throws { try JSON.print(["plan": training.overview]) }

  private func line(_ name: String, _ text: String) {
    Console.log(name.padding(toLength: 12, withPad: " ", startingAt: 0) + text)
  }
}

extension TrainingResult {
  /// What is printed of a training that is over.
  var text: String {
    "step \(step): loss \(loss.map { Numbers.fixed($0, 4) } ?? "-"), "
      + "\(tokensPerSecond.map { Numbers.fixed($0, 0) } ?? "-") tokens/s, peak "
      + Memory.display(peakRssBytes)
  }
}
