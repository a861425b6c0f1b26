import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing
import TensorKernels

/// What of a training is written: the network, and the state with which it goes on.
extension Trainer {
  /// Instructions over which a prefix editor's mean is taken, at most.
  private static let meanInstructions = 64

  /// Whether the network's file format has a place for what is trained: not for sites that an instruction opens, nor for
  /// thresholds of latents (`EditSparsity`), which the training's state alone has.
  public var canWriteNetwork: Bool {
    guard case .editor(let editor) = network else { return true }
    return editor.heads.centring?.isPlain ?? true
  }

  /// Bytes of an editor's heads.
  var headBytes: Int { stores.first { $0.part == .heads }?.parameters.byteCount ?? 0 }

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
    /// Of the ranks that have trained up to here; nil for one.
    var ranks: Int?
  }

  /// Saves everything that `resume` needs; the file is there whole or as it was before. Of several ranks the first
  /// writes, and the others give it what they have. Throws `EditorTrainingError.file`, and `ranks`.
  public func save(to path: String) throws(EditorTrainingError) {
    try exchange?.finishParameters()
    if let moments, let ranks, !ranks.isFirst {
      for section in moments.sections { try moments.give(section) }
      return
    }
    var contents = TrainingStateContents()
    contents.add("options", value: record)
    contents.add(
      "counters",
      value: Counters(
        step: step, optimizerSteps: optimizer.stepCount, sampler: sampler.state,
        ranks: ranks?.count))
    for section in weights { contents.add(section.name, UnsafeRawBufferPointer(section.bytes)) }
    if let moments {
      for section in moments.sections {
        contents.add(section.name, byteCount: section.byteCount) {
          write throws(EditorTrainingError) in
          try moments.collect(section, write)
        }
      }
    } else {
      for part in optimizer.state { contents.add(part.name, UnsafeRawBufferPointer(part.bytes)) }
    }
    try contents.write(path: path)
  }

  /// How the moments of several ranks come together; nil where one has them all.
  private var moments: MomentTransfer? {
    exchange.map { MomentTransfer(ranks: $0.ranks, shares: $0.shares, optimizer: optimizer) }
  }

  /// Goes on from a state that `save` wrote. Throws `EditorTrainingError`: `startedOtherwise` where
  /// anything that has a part in the bits of a step is not what it was then. The number of steps may grow
  /// where rates do not depend on it.
  ///
  /// Another number of ranks goes on with the same training, whose sums are rounded otherwise from there on. Of several
  /// ranks the first reads, and gives the others what is theirs. The number of ranks that wrote it, 1 for one process.
  @discardableResult
  public func resume(from path: String) throws(EditorTrainingError) -> Int {
    try join()
    guard let ranks, let moments else {
      let (file, counters) = try opened(path)
      try file.read(into: weights + optimizer.state)
      return try goOn(from: counters)
    }
    // What is wrong with the file is seen before anybody waits for it.
    let state = try agreeing(ranks) {
      () throws(EditorTrainingError) -> (file: TrainingStateFile, counters: Counters)? in
      ranks.isFirst ? try opened(path) : nil
    }
    let counters = try fromFirst(ranks, state?.counters)
    if let state {
      try distribute(state.file, moments)
    } else {
      for section in moments.sections { try moments.take(section) }
    }
    for section in weights {
      do { try ranks.broadcast(section.bytes) } catch { throw .ranks(error) }
    }
    return try goOn(from: counters)
  }

  private func goOn(from counters: Counters) throws(EditorTrainingError) -> Int {
    try sampler.resume(from: counters.sampler)
    step = counters.step
    optimizer.resume(after: counters.optimizerSteps)
    return counters.ranks ?? 1
  }

  /// A state with which this training can go on.
  private func opened(
    _ path: String
  ) throws(EditorTrainingError) -> (file: TrainingStateFile, counters: Counters) {
    let file = try TrainingStateFile(path: path)
    let counters = try file.value(Counters.self, "counters")
    let known = try file.value(TrainingRecord.self, "options")
    let differences = known.differences(from: record, afterStep: counters.step)
    guard differences.isEmpty else {
      throw .startedOtherwise(path: path, differences: differences)
    }
    var next = sampler
    try next.resume(from: counters.sampler)
    return (file, counters)
  }

  /// On the first rank: reads the weights to where they lie, and gives every rank its moments.
  private func distribute(
    _ file: TrainingStateFile, _ moments: MomentTransfer
  ) throws(EditorTrainingError) {
    let weights = weights
    let sections = moments.sections
    var distributions: [MomentTransfer.Distribution] = []
    for section in sections { distributions.append(try .init(section, of: moments)) }
    var offsets = weights.map { _ in 0 }
    var problem: EditorTrainingError?
    try file.read(
      weights.map { ($0.name, $0.bytes.count) } + sections.map { ($0.name, $0.byteCount) }
    ) { index, piece in
      guard index >= weights.count else {
        UnsafeMutableRawBufferPointer(rebasing: weights[index].bytes[offsets[index]...])
          .copyMemory(from: piece)
        offsets[index] += piece.count
        return
      }
      guard problem == nil else { return }
      do throws(EditorTrainingError) { try distributions[index - weights.count].take(piece) } catch
      { problem = error }
    }
    if let problem { throw problem }
  }

  /// Weights, where they lie.
  private var weights: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
    stores.filter { $0.parameters.byteCount > 0 }.map {
      ("weights." + $0.part.rawValue, UnsafeMutableRawBufferPointer($0.parameters.floats))
    }
  }
}
