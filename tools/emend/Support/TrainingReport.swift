import EditorTraining

/// What is going to be trained, on what, in how much memory: said before the first step.
struct TrainingReport {
  let trainer: Trainer
  let rows: TrainingInput
  let teachers: TeacherCache?

  /// Lines for standard error.
  func log() {
    let counts = trainer.parameterCounts
    let m = trainer.memory
    line(trainer.network.name, "\(counts.trained) of \(counts.total) parameters are trained")
    line("rows", rows.summary)
    line(
      "memory",
      "\(Memory.display(m.program)) program, \(Memory.display(m.processor)) model, \(Memory.display(m.editor)) editor, "
        + "\(Memory.display(m.gradients)) gradients, \(Memory.display(m.moments)) moments, "
        + "\(Memory.display(m.processorPass)) and \(Memory.display(m.editorPass)) passes: "
        + "\(Memory.display(m.total))")
    if let teachers {
      line("teacher", "up to \(Memory.display(teacherBytes(teachers))) in \(teachers.folder)")
    }
    for problem in rows.problems.prefix(5) { Console.log("left out: \(problem)") }
  }

  /// How often the teacher's states were there, once the training is over.
  func logTeachers() {
    guard let teachers else { return }
    let counts = teachers.counts
    line("teacher", "\(counts.read) times read, \(counts.computed) computed (\(teachers.folder))")
  }

  private func line(_ name: String, _ text: String) {
    Console.log(name.padding(toLength: 12, withPad: " ", startingAt: 0) + text)
  }

  private func teacherBytes(_ teachers: TeacherCache) -> Int {
    teachers.byteCount(tokens: rows.data.train.reduce(0) { $0 + $1.response.count })
  }

  /// The same as the first line of `--json`: an object whose one key is `plan`.
  func printJSON() throws {
    let m = trainer.memory
    let counts = trainer.parameterCounts
    try JSON.print([
      "plan": Plan(
        network: trainer.network.name, steps: trainer.plan.steps, firstStep: trainer.step + 1,
        trainedParameters: counts.trained, parameters: counts.total,
        trainingRows: rows.data.train.count,
        validationRows: Dictionary(
          rows.data.validation.map { ($0.name, $0.examples.count) }, uniquingKeysWith: +),
        rowsLeftOut: rows.leftOut,
        plannedBytes: Plan.Memory(
          program: m.program, model: m.processor, editor: m.editor, gradients: m.gradients,
          moments: m.moments,
          modelPasses: m.processorPass, editorPasses: m.editorPass, total: m.total),
        teacherCacheBytes: teachers.map(teacherBytes))
    ])
  }

  private struct Plan: Encodable {
    struct Memory: Encodable {
      let program, model, editor, gradients, moments, modelPasses, editorPasses, total: Int
    }

    let network: String
    let steps, firstStep, trainedParameters, parameters, trainingRows: Int
    let validationRows: [String: Int]
    let rowsLeftOut: Int
    let plannedBytes: Memory
    let teacherCacheBytes: Int?
  }
}
