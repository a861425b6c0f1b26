import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

/// An editor and the frozen processor it edits, run over batches of examples: losses under every
/// condition, and gradients.
///
/// Its memory is planned for batches of at most `rowCapacity` tokens; used by one thread at a time.
package final class EditorPass: EditingPass {
  /// How the response is predicted.
  package enum Condition: Sendable, Equatable {
    /// The editor's latents for the example's instruction.
    case edited
    /// Latents of random directions, as long as those (`RandomLatents`).
    case random(seed: UInt64)
    /// Nothing: the prompt without the instruction.
    case ablated
    /// The instruction in the prompt, and no edit.
    case prompted
    /// The prefix of an editor whose adapters are at zero.
    case unread
  }

  package let editor: Editor
  package let tape: ProcessorTape
  package let editorTape: EditorTape
  private let teachers: TeacherCache?

  /// Sizes of the largest batches.
  package struct Capacity: Sendable, Equatable {
    /// Tokens of prompts and responses together, and of instructions.
    package var rows: Int
    package var instructionRows: Int
    package var sequences: Int

    package init(rows: Int, instructionRows: Int, sequences: Int) {
      self.rows = rows
      self.instructionRows = instructionRows
      self.sequences = sequences
    }

    /// Room for any `batchSize` sequences of those lengths, and instructions of theirs.
    package init(sequences lengths: [Int], instructions: [Int], batchSize: Int) {
      func largest(_ counts: [Int]) -> Int {
        counts.sorted(by: >).prefix(batchSize).reduce(0, +)
      }
      self.init(
        rows: largest(lengths), instructionRows: largest(instructions), sequences: batchSize)
    }
  }

  /// `teachers` keeps what the prompted processor makes of the examples; a frozen GPT-2 has no gradients.
  /// Throws `model`, and `wrongValueWidth` where the editor writes other values than the processor has.
  package init(
    _ editor: Editor, processor: Processor, capacity: Capacity, options: ProcessorTape.Options,
    adapters: LowRankAdapters? = nil, teachers: TeacherCache? = nil, freezesBackbone: Bool = false
  ) throws(LatentEditingError) {
    try editor.configuration.check(for: processor.configuration)
    self.editor = editor
    self.teachers = teachers
    do {
      tape = try ProcessorTape(
        processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
        options: options, adapters: adapters)
    } catch { throw .model(error) }
    editorTape = try EditorTape(
      editor, rowCapacity: capacity.instructionRows, sequenceCapacity: capacity.sequences,
      pool: processor.pool, backward: options.backward, freezesBackbone: freezesBackbone)
  }

  package var stores: [TrainedStore] {
    [
      TrainedStore(
        part: .backbone, parameters: editorTape.backbone.parameters,
        gradients: editorTape.backbone.gradients),
      TrainedStore(
        part: .heads, parameters: editor.heads.parameters, gradients: editorTape.headGradients),
    ]
      + (editor.heads.centring?.gates.map {
        [TrainedStore(part: .sites, parameters: $0.parameters, gradients: $0.gradients)]
      } ?? [])
  }

  package var frozen: ParameterStore? { editorTape.backbone.frozen }

  package var byteCount: Int {
    editorTape.byteCount - stores.reduce(0) { $0 + $1.gradients.byteCount }
  }

  package var stages: (any ParameterStages)? {
    get { editorTape.stages }
    set { editorTape.stages = newValue }
  }

  package func headStage(of name: String) -> Int { editor.configuration.headStage(of: name) }

  package func seedRounding(_ seed: RoundingSeed) {
    tape.roundingSeed = seed.part(0)
    editorTape.backbone.roundingSeed = seed.part(1)
    gateSeed = seed.part(2)
  }

  private var gateSeed = RoundingSeed()
  /// What a gate that is open costs, in nats a token: lambda of an `EditSparsity`.
  package var gatePenalty: Float = 0

  /// u of every gate and example of `batch`, `[S][B]`, of each row its own; nil where no gates are learned.
  private func draws(_ batch: TrainingBatch) -> [Float]? {
    guard editor.heads.centring?.gates != nil else { return nil }
    return (0..<editor.heads.siteCount).flatMap { site in
      batch.examples.map { example in
        // The middle of one of 2^23 steps, which is a Float: neither 0 nor 1.
        (Float(gateSeed.part(example.row).part(site).draw >> 9) + 0.5) * 0x1p-23
      }
    }
  }

  private var hasGhost: Bool { editor.configuration.positions == .ghost }

  /// The losses of every response token of `batch`, example after example, under a condition. Throws
  /// `model` or `promptTooShort`.
  package func losses(
    _ batch: TrainingBatch, _ condition: Condition
  ) throws(LatentEditingError) -> [[Float]] {
    batch.byExample(tape.losses(batch.objective(try forward(batch, condition))).crossEntropy)
  }

  /// Reads `batch` under `condition`; the rows after which the response's tokens come.
  private func forward(
    _ batch: TrainingBatch, _ condition: Condition
  ) throws(LatentEditingError) -> [Int] {
    switch condition {
    case .edited: try forwardEdited(batch).0
    case .random(let seed): try forwardEdited(batch, randomSeed: seed).0
    case .ablated: try batch.forward(on: tape, prompted: false)
    case .prompted: try batch.forward(on: tape, prompted: true)
    case .unread: preconditionFailure("the editor has no adapters on the processor")
    }
  }

  package func divergences(_ batch: TrainingBatch) throws(LatentEditingError) -> [[Float]] {
    let teacher = try teacher(batch)
    return divergences(batch, from: teacher, after: try forwardEdited(batch).0)
  }

  package func changes(
    _ batch: TrainingBatch, _ condition: Condition
  ) throws(LatentEditingError) -> [[Float]] {
    let unedited = tape.finalStates(try forward(batch, .ablated))
    return divergences(batch, from: unedited, after: try forward(batch, condition))
  }

  /// Adds to the gradients of the editor those of `objective` over `batch`, its means taken over
  /// `tokenCount` response tokens and `exampleCount` examples (those of a whole step, of which the
  /// batch may be a part).
  package func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums {
    var teacher: TeacherStates?
    if objective.distillation != 0 { teacher = try self.teacher(batch) }
    // Where nothing is learned of the rows, gates are as they are without a draw.
    let isPenalized = objective.crossEntropy != 0
    editorTape.draws = isPenalized ? draws(batch) : nil
    editorTape.gatePenalty = isPenalized ? gatePenalty / Float(exampleCount) : 0
    defer { editorTape.draws = nil }
    let (rows, gates) = try forwardEdited(
      batch,
      penalty: objective.regularizers.penalty(batch.examples.count, of: exampleCount))
    let losses = tape.backward(
      batch.objective(
        rows, weight: 1 / Float(tokenCount), crossEntropy: objective.crossEntropy,
        distillation: objective.distillation),
      teacher: teacher)
    editorTape.backward(gates: gates())
    return LossSums(losses)
  }

  /// The prompted processor's states at the response tokens.
  private func teacher(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
    func compute(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
      tape.finalStates(try batch.forward(on: tape, prompted: true))
    }
    guard let teachers else { return try compute(batch) }
    return try teachers.states(of: batch, compute)
  }

  /// The rows after which the response's tokens come, and after the way back the gradients of the gates.
  private func forwardEdited(
    _ batch: TrainingBatch, penalty: EditPenalty = EditPenalty(), randomSeed: UInt64? = nil
  ) throws(LatentEditingError) -> ([Int], () -> [Float]) {
    guard !editor.configuration.hasPrefixHeads else {
      precondition(randomSeed == nil && penalty == EditPenalty(), "a prefix has no latents")
      return (try forwardPrefixed(batch), { [] })
    }
    let tokens = TokenBatch(batch.sequences(ghost: hasGhost))
    let shapes = batch.shapes(ghost: hasGhost)
    let instructions = batch.examples.map(\.instruction)
    let prompts = batch.prompts(ghost: hasGhost)
    let injection: BatchInjection
    if let randomSeed {
      let latents = RandomLatents.replacing(
        try editorTape.forward(instructions, prompts: prompts, on: tape),
        width: editor.configuration.latentWidth, slots: editor.configuration.slotCount,
        rows: batch.examples.map(\.row), seed: randomSeed)
      injection = try BatchInjection(
        editor.configuration, latents: latents, gates: editor.heads.gates, batch: tokens,
        prompts: shapes, penalty: penalty)
    } else {
      try editorTape.read(instructions, prompts: prompts, on: tape)
      injection = try BatchInjection(
        editor.configuration, from: editorTape, gates: editor.heads.gates, batch: tokens,
        prompts: shapes, penalty: penalty)
    }
    let rows = batch.scoredRows(of: tokens, promptLengths: shapes.map(\.length))
    do { try tape.forward(tokens, edit: injection, scoring: rows) } catch { throw .model(error) }
    return (rows, { injection.gateGradients })
  }

  /// Reads [opening | prompt | response], the opening's tokens that are the editor's own by what its heads write
  /// (`PrefixHeads`); the rows after which the response's tokens come.
  private func forwardPrefixed(_ batch: TrainingBatch) throws(LatentEditingError) -> [Int] {
    let c = editor.configuration
    let openings = batch.examples.map(\.instruction)
    let read = TokenBatch(openings.map(c.ownTokens))
    let written = openings.map { opening in c.writtenTokens(of: opening).map { opening[$0] } }
    let own = written.map(c.ownRange)
    try editorTape.read(
      openings.map(c.ownTokens),
      at: own.indices.flatMap { i -> Range<Int> in
        let end = read.boundaries[i + 1]
        return end - own[i].count..<end
      })
    let prefixed = batch.replacingInstructions(written.map(c.processorTokens))
    let tokens = TokenBatch(prefixed.prefixedSequences)
    let injection = PrefixInjection(
      from: editorTape,
      at: own.indices.flatMap { i in own[i].map { tokens.boundaries[i] + $0 } },
      layerCount: c.processor.layerCount, width: c.processor.width)
    let rows = prefixed.scoredRows(of: tokens, promptLengths: prefixed.prefixedLengths)
    do { try tape.forward(tokens, edit: injection, scoring: rows) } catch { throw .model(error) }
    return rows
  }
}
