import EditorTraining

/// Tells how far it is, and stops at a step.
final class StudyListener: TrainingListener {
  private let material: StudyMaterial
  private let last, steps: Int
  private var step = 0

  init(_ material: StudyMaterial, to last: Int, steps: Int) {
    self.material = material
    self.last = last
    self.steps = steps
  }

  func receive(_ event: TrainingEvent) {
    switch event {
    case .began(let step, _): self.step = step
    case .step(let report):
      step = report.step
      // Told to stop, it throws, and so is `isStopRequested`.
      try? material.progress(
        "step \(step) of \(steps)", Double(step) / Double(max(1, steps)))
    default: break
    }
  }

  var isStopRequested: Bool { step >= last || material.runs.isStopRequested() }
}
