import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

/// A prefix editor (P8) that writes the states of some of the tokens that it reads, and the frozen processor, in
/// two passes: one over the openings through the adapters, and one over [prefix | prompt | response] without, in
/// which the states of the prefix stand at the input of every block.
///
///     e_i[l + 1] = block_l(e[l]) with adapters       i in the opening, of which the tokens w are written
///     x_j[l] = e_w(j)[l]                             j = 0, 1, ...: their places in front of the prompt
///     k_j[l], v_j[l] = W_K, W_V rmsNorm(x_j[l])      without adapters: what the later rows see
///
/// Where it distills it follows the editor that writes all tokens as it was at the start, whose adapters stay as they
/// are; on unrelated text, the unedited processor.
package final class ShortPrefixPass: PrefixEditingPass {
  package let tape: ProcessorTape
  package let gradients: ParameterStore

  private let configuration: EditorConfiguration
  package let adapters: LowRankAdapters
  private let whole: LowRankAdapters?
  private let readingTape: ProcessorTape

  /// Memory for batches of that size. Throws `model`.
  package init(
    _ editor: Editor, processor: Processor, capacity: EditorPass.Capacity,
    options: ProcessorTape.Options
  ) throws(LatentEditingError) {
    guard let adapters = editor.readingAdapters else {
      preconditionFailure("the editor makes no prefix")
    }
    configuration = editor.configuration
    self.adapters = adapters
    whole = editor.wholePrefix
    do throws(LanguageModelError) {
      do { gradients = try ParameterStore(adapters.parameters.layout) } catch {
        throw .memory(error)
      }
      tape = try ProcessorTape(
        processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
        options: options, adapters: whole)
      readingTape = try ProcessorTape(
        processor, rowCapacity: capacity.instructionRows, sequenceCapacity: capacity.sequences,
        options: Self.readingOptions(options), adapters: adapters)
    } catch { throw .model(error) }
  }

  private static func readingOptions(_ options: ProcessorTape.Options) -> ProcessorTape.Options {
    var options = options
    options.hasLogits = false
    options.distills = false
    return options
  }

  package var stages: (any ParameterStages)? {
    get { readingTape.stages }
    set { readingTape.stages = newValue }
  }

  package var byteCount: Int { readingTape.byteCount + (whole?.parameters.byteCount ?? 0) }

  /// Bytes of the reading pass, before it is made: beside those of the other, which is a `PrefixPass`'s.
  package static func readingByteCount(
    _ editor: EditorConfiguration, processor: Processor, capacity: EditorPass.Capacity,
    options: ProcessorTape.Options
  ) -> Int {
    guard editor.prefixTokens != nil, !editor.hasPrefixHeads else { return 0 }
    return ProcessorTape.byteCount(
      processor, rowCapacity: capacity.instructionRows, sequenceCapacity: capacity.sequences,
      options: readingOptions(options), adapters: editor.readingAdapters)
  }

  package func seedRounding(_ seed: RoundingSeed) {
    tape.roundingSeed = seed.part(0)
    readingTape.roundingSeed = seed.part(1)
  }

  package func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums {
    precondition(objective.regularizers[.groupLasso] == 0, "a prefix has no latents")
    let teacher = objective.distillation == 0 ? nil : try self.teacher(batch)
    let (rows, reader, writer) = try forwardEdited(batch)
    let losses = tape.backward(
      batch.objective(
        rows, weight: 1 / Float(tokenCount), crossEntropy: objective.crossEntropy,
        distillation: objective.distillation), teacher: teacher)
    reader.gradients = writer.gradients
    readingTape.backwardFromEdit(adapterGradients: gradients)
    return LossSums(losses)
  }

  /// What is followed at the response tokens: the whole prefix, or without one the prompted processor.
  package func teacher(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
    let isUnrelated = batch.examples.allSatisfy { $0.prompted == $0.prompt }
    guard whole != nil, !isUnrelated else {
      return tape.finalStates(try batch.forward(on: tape, prompted: true, unadapted: true))
    }
    let tokens = TokenBatch(batch.prefixedSequences)
    do {
      try tape.forward(tokens, adapting: batch.examples.map(\.instruction.count))
    } catch { throw .model(error) }
    return tape.finalStates(
      batch.scoredRows(of: tokens, promptLengths: batch.prefixedLengths))
  }

  package func editedRows(
    _ batch: TrainingBatch, unadapted: Bool
  ) throws(LatentEditingError) -> [Int] {
    try forwardEdited(batch, unadapted: unadapted).rows
  }

  /// The rows after which the response's tokens come, and who read and wrote; `unadapted` with adapters at zero.
  private func forwardEdited(
    _ batch: TrainingBatch, unadapted: Bool = false
  ) throws(LatentEditingError) -> (rows: [Int], reader: PrefixReader, writer: PrefixWriter) {
    let openings = batch.examples.map(\.instruction)
    let written = openings.map { configuration.writtenTokens(of: $0.count) }
    let read = TokenBatch(openings)
    let reader = PrefixReader(
      rows: openings.indices.flatMap { i in written[i].map { read.boundaries[i] + $0 } },
      layerCount: configuration.processor.layerCount, width: configuration.processor.width)
    let short = batch.replacingInstructions(
      zip(openings, written).map { opening, written in written.map { opening[$0] } })
    let tokens = TokenBatch(short.prefixedSequences)
    do throws(LanguageModelError) {
      try readingTape.forward(
        read, edit: reader, adapting: unadapted ? openings.map { _ in 0 } : nil)
      let writer = PrefixWriter(
        reader.states,
        at: written.indices.flatMap { i in written[i].indices.map { tokens.boundaries[i] + $0 } })
      try tape.forward(tokens, edit: writer, adapting: openings.map { _ in 0 })
      return (
        short.scoredRows(of: tokens, promptLengths: short.prefixedLengths), reader, writer
      )
    } catch { throw .model(error) }
  }
}
