import Foundation
import PlainText
import TensorKernels

extension PreparedTraining {
  /// What is going to be trained, on what, in how much memory, as people read it before the first step.
  public var text: String {
    let overview = overview
    let m = overview.plannedBytes
    func size(_ bytes: Int) -> String { SystemMemory.display(bytes) }
    let exchange = m.exchange.map { ", \(size($0)) exchange" } ?? ""
    var lines = [
      Self.line(
        overview.network,
        "\(overview.trainedParameters) of \(overview.parameters) parameters are trained"),
      Self.line("rows", input.summary),
    ]
    if let ranks = overview.ranks {
      lines.append(
        Self.line(
          "ranks",
          "\(ranks); threads of the first, by cores it is bound to: \(overview.threads)"))
    }
    lines.append(
      Self.line(
        "memory",
        "\(size(m.program)) program, \(size(m.model)) model, \(size(m.editor)) editor, "
          + "\(size(m.gradients)) gradients, \(size(m.moments)) moments, \(size(m.modelPasses)) and "
          + "\(size(m.editorPasses)) passes\(exchange): \(size(m.total))"))
    if let teachers, let bytes = overview.teacherCacheBytes {
      lines.append(Self.line("teacher", "up to \(size(bytes)) in \(teachers.folder)"))
    }
    return (lines + input.problems.prefix(5).map { "left out: \($0)" }).joined(separator: "\n")
  }

  /// How often the teacher's states were there, once the training is over; nil where none are kept.
  public var teacherText: String? {
    teachers.map { teachers in
      let counts = teachers.counts
      return Self.line(
        "teacher",
        "\(counts.read) times read, \(counts.computed) computed (\(teachers.folder))")
    }
  }

  private static func line(_ name: String, _ text: String) -> String {
    name.padding(toLength: 12, withPad: " ", startingAt: 0) + text
  }
}

extension TrainingResult {
  /// What is printed of a training that is over.
  public var text: String {
    "step \(step): loss \(loss.map { Numbers.fixed($0, 4) } ?? "-"), "
      + "\(tokensPerSecond.map { Numbers.fixed($0, 0) } ?? "-") tokens/s, peak "
      + SystemMemory.display(peakRssBytes)
  }
}

extension ValidationReport {
  /// What a validation of `network` found.
  public func text(of network: TrainedNetwork) -> String {
    func text(_ value: Double) -> String { Numbers.fixed(value, 3) }
    return
      "step \(step), \(split): \(network.participle) \(text(edited)), shuffled \(text(shuffled)), ablated "
      + "\(text(ablated)), prompted \(text(prompted)); recovered \(text(recoveredFraction)), instruction "
      + "effect \(text(instructionEffect))"
  }
}
