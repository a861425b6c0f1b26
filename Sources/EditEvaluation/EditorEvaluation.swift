import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing

/// Measures an editor on held-out rows: their losses under every condition, and what the edits change on
/// unrelated text.
///
///     let evaluation = try EditorEvaluation(editor, processor: processor, data: data)
///     let figures = ConditionFigures(try evaluation.losses(of: data.splits[0]))
///
/// The forward pass is inference's with a cache of f32, to the bit. Used by one thread at a time.
public final class EditorEvaluation {
  /// What an editor is measured on.
  public struct Data: Sendable {
    /// Held-out rows.
    public var splits: [HeldOutSplit]
    /// Where the content of prompts begins.
    public var firstContent: Int
    /// An instruction without words, as the editor reads it: one token at least.
    public var emptyInstruction: [Int]
    /// The same, as the editor of the condition constant reads it.
    public var constantInstruction: [Int]
    /// Windows of unrelated text, two tokens each at least.
    public var unrelated: [[Int]]
    /// What stands in front of unrelated text where an instruction, by how the editor reads it, is in the prompt.
    /// A prefix editor reads just that, and has none here.
    public var openings: [[Int]: [Int]] = [:]
    /// Whether a window begins with the token that texts begin with.
    public var unrelatedBeginsWithBOS = false

    /// Rows, and what belongs to them.
    public init(
      splits: [HeldOutSplit], firstContent: Int, emptyInstruction: [Int], unrelated: [[Int]] = []
    ) {
      precondition(!emptyInstruction.isEmpty && unrelated.allSatisfy { $0.count >= 2 })
      self.splits = splits
      self.firstContent = firstContent
      self.emptyInstruction = emptyInstruction
      constantInstruction = emptyInstruction
      self.unrelated = unrelated
    }
  }

  /// How it is measured.
  public struct Options: Sendable {
    /// Under which conditions; those without a model of theirs are left out.
    public var conditions = EditCondition.allCases
    /// Rows that go through the processor together.
    public var batchSize = 8
    /// Of the random directions.
    public var seed: UInt64 = 0

    /// All conditions.
    public init() {}
  }

  private let data: Data
  private let options: Options
  private let isPrefix: Bool
  private let hasHeads: Bool
  private let pass: any EditingPass
  private let constantPass: (any EditingPass)?
  private let tunedPass: PromptedPass?

  /// Memory for the largest batch. `constant` is an editor that was trained with an instruction without
  /// words, and `tuned` are adapters of the processor, for the conditions of those names. Throws
  /// `editing`.
  public init(
    _ editor: Editor, constant: Editor? = nil, tuned: LowRankAdapters? = nil,
    processor: Processor, data: Data, options: Options = Options()
  ) throws(EvaluationError) {
    self.data = data
    self.options = options
    isPrefix = editor.configuration.interface.isPrefix
    hasHeads = !isPrefix || editor.configuration.hasPrefixHeads
    func pass(_ editor: Editor) throws(LatentEditingError) -> any EditingPass {
      try editor.pass(
        through: processor,
        capacity: Self.capacity(data, editor.configuration, options),
        options: Self.tapeOptions(data))
    }
    do {
      self.pass = try pass(editor)
      constantPass = try constant.map(pass)
      tunedPass = try tuned.map { adapters throws(LatentEditingError) in
        try PromptedPass(
          adapters, processor: processor,
          capacity: Self.capacity(data, editor.configuration, options),
          options: ProcessorTape.Options())
      }
    } catch { throw .editing(error) }
  }

  /// Bytes that the processor's passes with each of `editors`, of which there is one at least, take before
  /// they are made, without weights; with adapters where it is `tuned` too.
  public static func byteCount(
    _ editors: [EditorConfiguration], tuned: AdapterConfiguration? = nil, processor: Processor,
    data: Data, options: Options = Options()
  ) -> Int {
    var tunedBytes = 0
    if let tuned {
      let capacity = capacity(data, editors[0], options)
      tunedBytes = ProcessorTape.byteCount(
        processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
        options: ProcessorTape.Options(), adapters: tuned)
    }
    return editors.reduce(tunedBytes) { total, editor in
      let capacity = capacity(data, editor, options)
      return total
        + ProcessorTape.byteCount(
          processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
          options: tapeOptions(data),
          adapters: editor.prefixTokens == nil ? editor.readingAdapters : nil)
        + ShortPrefixPass.readingByteCount(
          editor, processor: processor, capacity: capacity, options: tapeOptions(data))
    }
  }

  private static func tapeOptions(_ data: Data) -> ProcessorTape.Options {
    var options = ProcessorTape.Options()
    options.distills = !data.unrelated.isEmpty
    return options
  }

  /// Whether the editor can be measured under a condition: a prefix has no latents that could be random, and what heads
  /// write no reader without adapters.
  private func applies(_ condition: EditCondition) -> Bool {
    switch condition {
    case .random: !isPrefix
    case .readerAtZero: !hasHeads
    case .sentence, .promptedSentence: has(.sentence)
    case .nonsense, .promptedNonsense: has(.nonsense)
    default: true
    }
  }

  private func has(_ kind: MeaninglessInstruction) -> Bool {
    data.splits.allSatisfy { $0.examples.allSatisfy { $0.meaningless[kind] != nil } }
  }

  /// The passes for a condition; nil where its model was not given.
  private func pass(for condition: EditCondition) -> (any TrainingPass)? {
    switch condition {
    case .constant: constantPass
    case .tuned, .tunedShuffled: tunedPass
    default: pass
    }
  }

  private static func capacity(
    _ data: Data, _ editor: EditorConfiguration, _ options: Options
  ) -> EditorPass.Capacity {
    let examples = data.splits.flatMap(\.examples)
    let instructions =
      examples.map(\.longestInstruction)
      + [data.emptyInstruction.count, data.constantInstruction.count]
    let ghosts =
      editor.interface.isPrefix
      ? instructions.max() ?? 0 : editor.positions == .ghost ? 1 : 0
    return EditorPass.Capacity(
      sequences: examples.map { $0.longestSequence(ghosts: ghosts) }
        + data.unrelated.map {
          $0.count + max(ghosts, data.openings.values.map(\.count).max() ?? 0)
        },
      instructions: instructions, batchSize: options.batchSize)
  }

  /// The losses of the rows of `split`, one of the data's. `onBatch` gets the number of rows done and
  /// answers whether to go on. A split that is not shuffled has no condition that is.
  ///
  /// Throws `editing`, and `cancelled` where it is told to stop.
  public func losses(
    of split: HeldOutSplit, onBatch: (Int) -> Bool = { _ in true }
  ) throws(EvaluationError) -> ConditionLosses {
    ConditionLosses(try measure(split, nil, onBatch))
  }

  /// As above; each of `ranks` measures every Nth batch, and all have all losses then, the same to the bit for any
  /// number. Throws what other ranks throw too.
  package func losses(
    of split: HeldOutSplit, ranks: Communicator?, onBatch: (Int) -> Bool
  ) throws -> ConditionLosses {
    var losses = try Communicator.agreeing(ranks) { try measure(split, ranks, onBatch) }
    if let ranks { try losses.combine(ranks) }
    return ConditionLosses(losses)
  }

  private func measure(
    _ split: HeldOutSplit, _ ranks: Communicator?, _ onBatch: (Int) -> Bool
  ) throws(EvaluationError) -> HeldOutLosses {
    precondition(split.isShuffled || !options.conditions.contains(where: \.isShuffled))
    var baselines = HeldOutLosses.Baselines()
    baselines.emptyInstruction = data.emptyInstruction
    baselines.constantInstruction = data.constantInstruction
    baselines.seed = options.seed
    var losses = HeldOutLosses(
      split.examples, batchSize: options.batchSize, firstContent: data.firstContent,
      baselines: baselines)
    var done = 0
    for batch in losses.batches.indices {
      // The others' batches take as long as this one's.
      done += losses.batches[batch].count
      guard Communicator.isTurn(of: ranks, batch) else { continue }
      for condition in options.conditions {
        guard applies(condition), let pass = pass(for: condition) else { continue }
        do { try losses.measure(batch, condition, pass) } catch { throw .editing(error) }
      }
      guard onBatch(done) else {
        throw .cancelled(done: done, total: split.examples.count, unit: "rows")
      }
    }
    return losses
  }

  /// How far the edited processor's distributions are from the unedited one's on the unrelated text, of
  /// which there is a window at least: window number i under instruction number i of the data, those of
  /// the splits in turn, each once until all had their turn. Beside it, of the conditions that are measured, how far
  /// the same instruction in the prompt moves them, and what asks for nothing.
  ///
  /// Throws `editing`, and `cancelled` where `onWindow`, which gets the number of windows done, says so.
  public func locality(
    _ bootstrap: Bootstrap = Bootstrap(), onWindow: (Int) -> Bool = { _ in true }
  ) throws(EvaluationError) -> LocalityFigures {
    figures(try changes(nil, onWindow), bootstrap)
  }

  /// As above; each of `ranks` measures every Nth window, and all have the figures then, the same to the bit for any
  /// number. Throws what other ranks throw too.
  package func locality(
    _ bootstrap: Bootstrap, ranks: Communicator?, onWindow: (Int) -> Bool
  ) throws -> LocalityFigures {
    var sums = try Communicator.agreeing(ranks) { try changes(ranks, onWindow) }
    if let ranks {
      // A window that another rank has measured is 0 here.
      for condition in localityConditions {
        sums[condition] = try ranks.sum(sums[condition] ?? [])
      }
    }
    return figures(sums, bootstrap)
  }

  private var localityConditions: [EditCondition] {
    LocalityFigures.conditions.filter {
      $0 == .edited || (options.conditions.contains($0) && applies($0))
    }
  }

  private func figures(
    _ sums: [EditCondition: [Double]], _ bootstrap: Bootstrap
  ) -> LocalityFigures {
    LocalityFigures(
      sums: sums, tokenCounts: data.unrelated.map { $0.count - 1 },
      instructions: readingsInTurn(data.unrelated.count).count, bootstrap)
  }

  /// By condition the change of each window.
  private func changes(
    _ ranks: Communicator?, _ onWindow: (Int) -> Bool
  ) throws(EvaluationError) -> [EditCondition: [Double]] {
    let readings = readingsInTurn(data.unrelated.count)
    let zeros = [Double](repeating: 0, count: data.unrelated.count)
    var sums = Dictionary(uniqueKeysWithValues: localityConditions.map { ($0, zeros) })
    for (index, window) in data.unrelated.enumerated() where Communicator.isTurn(of: ranks, index) {
      for condition in localityConditions {
        let reading = readings[index % readings.count]
        do {
          sums[condition]?[index] = try change(of: window, reading, condition)
        } catch { throw .editing(error) }
      }
      guard onWindow(index + 1) else {
        throw .cancelled(done: index + 1, total: data.unrelated.count, unit: "windows")
      }
    }
    return sums
  }

  /// Sum of KL(unedited || condition) over the tokens of a window behind its first.
  private func change(
    of window: [Int], _ reading: Reading, _ condition: EditCondition
  ) throws(LatentEditingError) -> Double {
    let (instruction, run): ([Int], EditorPass.Condition) =
      switch condition {
      case .sentence: (reading.sentence, .edited)
      case .nonsense: (reading.nonsense, .edited)
      case .promptedSentence: (reading.sentence, .prompted)
      case .promptedNonsense: (reading.nonsense, .prompted)
      case .prompted: (reading.instruction, .prompted)
      default: (reading.instruction, .edited)
      }
    // Where texts begin with BOS so does what stands in front of the window.
    let own = data.unrelatedBeginsWithBOS ? 1 : 0
    var example = TokenizedExample(unrelated: window, instruction: instruction)
    let opening = hasHeads ? data.openings[instruction] ?? [] : instruction
    if run == .prompted {
      example = example.prompted(by: opening + window.prefix(1).dropFirst(own))
    }
    let batch = TrainingBatch([example], firstContent: isPrefix ? own : 0)
    return try pass.changes(batch, run)[0].reduce(0) { $0 + Double($1) }
  }

  /// An instruction, and what asks for nothing in its place.
  private struct Reading {
    let instruction: [Int]
    let sentence: [Int]
    let nonsense: [Int]
  }

  /// At most `count` different instructions: the first of each split, the second of each, and so on.
  private func readingsInTurn(_ count: Int) -> [Reading] {
    var result: [Reading] = []
    var known: Set<[Int]> = []
    let longest = data.splits.map(\.examples.count).max() ?? 0
    for index in 0..<longest {
      for split in data.splits where index < split.examples.count && result.count < count {
        let example = split.examples[index]
        let instruction = example.example.instruction
        guard known.insert(instruction).inserted else { continue }
        result.append(
          Reading(
            instruction: instruction,
            sentence: example.meaningless[.sentence]?.instruction ?? [],
            nonsense: example.meaningless[.nonsense]?.instruction ?? []))
      }
    }
    return result
  }
}

/// What edits change on text that has nothing to do with them.
public struct LocalityFigures: Sendable, Equatable, Encodable {
  /// Windows of text.
  public let windows: Int
  /// Tokens that were predicted.
  public let tokens: Int
  /// Different instructions.
  public let instructions: Int
  /// Mean of KL(unedited || edited) over the tokens, in nats; the interval over windows.
  public let kl: Estimate?
  /// The same of other conditions, by name: of the instruction in the prompt, and of what asks for nothing.
  public let others: [String: Estimate]
  /// Of the edit less that of the prompt; nil where the prompt was not measured.
  public let overPrompted: Estimate?

  /// The conditions that may be measured, in order.
  public static let conditions: [EditCondition] = [
    .edited, .sentence, .nonsense, .prompted, .promptedSentence, .promptedNonsense,
  ]

  init(
    sums: [EditCondition: [Double]], tokenCounts: [Int], instructions: Int, _ bootstrap: Bootstrap
  ) {
    windows = tokenCounts.count
    tokens = tokenCounts.reduce(0, +)
    self.instructions = instructions
    let measured = Self.conditions.filter { sums[$0] != nil }
    let difference = measured.contains(.prompted)
    let estimates = bootstrap.estimates(count: tokenCounts.count) { times in
      let means = measured.map { drawnSum(sums[$0]!, times) / drawnSum(tokenCounts, times) }
      return difference ? means + [means[0] - means[measured.firstIndex(of: .prompted)!]] : means
    }
    kl = estimates[0]
    var others: [String: Estimate] = [:]
    for (condition, estimate) in zip(measured, estimates).dropFirst() {
      others[condition.rawValue] = estimate
    }
    self.others = others
    overPrompted = difference ? estimates[measured.count] : nil
  }
}
