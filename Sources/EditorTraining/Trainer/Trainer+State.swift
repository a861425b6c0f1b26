import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

/// What of a training is written: the network, and the state with which it goes on.
extension Trainer {
  /// Instructions over which a prefix editor's mean is taken, at most.
  private static let meanInstructions = 64

  /// Writes the network as one file. A prefix editor's mean is measured first, over instructions of the rows
  /// that are trained on. Throws `LatentEditingError`.
  public func writeNetwork(to path: String, storage: EditorStorage) throws(LatentEditingError) {
    if case .editor(let editor) = network, editor.configuration.interface.isPrefix {
      let distinct = Array(Set(data.train.map(\.instruction))).sorted {
        $0.lexicographicallyPrecedes($1)
      }
      let step = max(1, distinct.count / Self.meanInstructions)
      let chosen = stride(from: 0, to: distinct.count, by: step).prefix(Self.meanInstructions)
      try editor.measureMean(over: chosen.map { distinct[$0] }, on: processor)
    }
    try network.write(to: path, storage: storage)
  }

  private struct Counters: Codable {
    var step: Int
    var optimizerSteps: Int
    var sampler: BatchSampler.State
  }

  /// Saves everything that `resume` needs; the file is there whole or as it was before. Throws
  /// `EditorTrainingError.file`.
  public func save(to path: String) throws(EditorTrainingError) {
    var contents = TrainingStateContents()
    contents.add("options", value: record)
    contents.add(
      "counters",
      value: Counters(
        step: step, optimizerSteps: optimizer.stepCount, sampler: sampler.state))
    for section in sections { contents.add(section.name, UnsafeRawBufferPointer(section.bytes)) }
    try contents.write(path: path)
  }

  /// Goes on from a state that `save` wrote. Throws `EditorTrainingError`: `startedOtherwise` where
  /// anything that has a part in the bits of a step is not what it was then. The number of steps may grow
  /// where rates do not depend on it.
  public func resume(from path: String) throws(EditorTrainingError) {
    let file = try TrainingStateFile(path: path)
    let counters = try file.value(Counters.self, "counters")
    let known = try file.value(TrainingRecord.self, "options")
    let differences = known.differences(from: record, afterStep: counters.step)
    guard differences.isEmpty else {
      throw .startedOtherwise(path: path, differences: differences)
    }
    var next = sampler
    try next.resume(from: counters.sampler)
    try file.read(into: sections)
    sampler = next
    step = counters.step
    optimizer.resume(after: counters.optimizerSteps)
  }

  /// Weights and moments, where they lie.
  private var sections: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
    stores.filter { $0.parameters.byteCount > 0 }.map {
      ("weights." + $0.name, UnsafeMutableRawBufferPointer($0.parameters.floats))
    } + optimizer.state
  }
}
