import EditEvaluation
import EditorTraining
import PlainText
import TensorKernels
import Terminal

/// Shows trainings and evaluations as they go, and passes on what the user asks.
final class TrainingPrinter: EvaluationListener {
  /// What is trained, where validations are to be shown.
  private let network: TrainedNetwork?
  private let isVerbose: Bool
  private var bar: (label: String, bar: ProgressBar)?
  private var first = 0
  private var last = 0

  init(validationsOf network: TrainedNetwork? = nil, isVerbose: Bool = false) {
    self.network = network
    self.isVerbose = isVerbose
  }

  deinit { bar?.bar.finish() }

  var isStopRequested: Bool { Interrupt.isRequested }

  func finishing(_ body: () throws -> Void) throws { try Interrupt.finishing(body) }

  func receive(_ event: TrainingEvent) {
    switch event {
    case .lockBroken(let folder, let owner):
      Console.log("\(folder): \(owner) is gone without a word; its lock was broken")
    case .ranksChanged(let before, let now):
      Console.log("trained by \(before) ranks so far, from here by \(now): rounded otherwise")
    case .began(let step, let last):
      (first, self.last) = (step, last)
      begin("training", "steps/s")
    case .step(let report):
      begin("training", "steps/s").update(
        Double(report.step - first), of: Double(last - first),
        note: "loss \(Numbers.fixed(report.losses.meanCrossEntropy, 3))")
    case .validating: bar?.bar.finish()
    case .validated(let reports):
      guard let network else { return }
      for report in reports { Console.log(report.text(of: network)) }
    case .saved: break
    }
  }

  func receive(_ event: EvaluationEvent) {
    switch event {
    case .training(let baseline, let folder):
      Interrupt.installTermination()
      Console.note("training the baseline \(baseline.rawValue) in \(folder)")
    case .memory(let model, let passes):
      guard isVerbose else { return }
      Console.log(
        "memory: \(SystemMemory.display(model)) model + \(SystemMemory.display(passes)) editors "
          + "and passes = \(SystemMemory.display(model + passes))")
    case .measured(let split, let done, let count):
      begin("measuring \(split)", "rows/s").update(Double(done), of: Double(count))
    case .unrelated(let done, let count):
      begin("unrelated text", "windows/s").update(Double(done), of: Double(count))
    case .answered(let done, let count):
      begin("answering", "rows/s").update(Double(done), of: Double(count))
    }
  }

  /// Takes the bar away.
  func finish() { bar?.bar.finish() }

  /// The bar of that name, begun in the place of another one's.
  @discardableResult
  private func begin(_ label: String, _ unit: String) -> ProgressBar {
    if let bar, bar.label == label { return bar.bar }
    bar?.bar.finish()
    let next = ProgressBar(label, unit: unit)
    bar = (label, next)
    return next
  }
}
