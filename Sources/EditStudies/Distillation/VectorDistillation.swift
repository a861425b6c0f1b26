import EditEvaluation
import EditSessions
import EditorTraining
import LanguageModels
import LatentEditing
import TensorKernels
import Tokenization

/// Makes a control vector of an edit that is none: what llama.cpp, and everything else that adds one vector after each
/// block at every token, can have of it.
///
///     var options = VectorDistillationOptions("Be brief.", editor: "editor.safetensors")
///     let found = try VectorDistillation(options, OpenedModel(settings)).run()
///     try found.vector.write(to: "brief.gguf")
///
/// The edited model answers prompts; directions u[l] [width], zeros at first, follow it on these answers y by Adam,
///
///     F(u) = mean_t KL(p_edit(. | y_<t) || p_u(. | y_<t)),   h <- h + u[l] after block l, at every token
///
/// through the frozen weights. The mean of what the edit changes in the states would be another thing: an edit of a first
/// token, or of keys and values in front, changes each later token by what that token reads of it. What comes out is
/// measured on answers that were kept. Used by one thread at a time.
public final class VectorDistillation {
  private let options: VectorDistillationOptions
  private let opened: OpenedModel
  private let editor: StudiedEditor
  private let runs: EditedRuns
  private let training: DirectionTraining
  private let texts: [String]
  private let progress: (VectorDistillationStage, Double) -> Void
  private let isStopRequested: () -> Bool

  /// Sequences that go through together where nothing is learnt.
  private static let sequences = 8

  /// Opens the editor, and loads the weights of `opened`. `progress` hears how far a stage is, 0 to 1;
  /// `isStopRequested` is asked before every pass.
  ///
  /// Throws `StudyError`, `LatentEditingError`, `MemoryShortage`, and what makes a file unusable.
  public init(
    _ options: VectorDistillationOptions, _ opened: OpenedModel,
    isStopRequested: @escaping () -> Bool = { false },
    progress: @escaping (VectorDistillationStage, Double) -> Void = { _, _ in }
  ) throws {
    self.options = options
    self.opened = opened
    self.progress = progress
    self.isStopRequested = isStopRequested
    texts = options.prompts ?? VectorDistillationOptions.defaultPrompts
    guard Set(texts).count == texts.count, texts.count >= VectorDistillationOptions.keptShare else {
      throw StudyError.tooFewPrompts(
        found: Set(texts).count, of: texts.count, needed: VectorDistillationOptions.keptShare)
    }
    let count = opened.configuration.layerCount
    let layers = try options.layers.resolved(layerCount: count).drop {
      options.layers == .all && $0 == 0
    }
    guard let first = layers.first, first >= 1 else {
      throw StudyError.noDirection(layer: layers.first, layerCount: count)
    }
    let file = try OpenedEditor(path: options.editor)
    try StudiedEditor.check(file)
    let template = try PromptTemplate(name: options.chatTemplate, for: opened.tokenizer.vocabulary)
    let longest = try Self.longestRow(options, texts, opened, template)
    let opening =
      template.opening(
        with: options.instruction, for: file.configuration,
        try file.instructionTokenizer(processor: opened.tokenizer), with: opened.tokenizer)?.count
      ?? 1
    let loaded = try opened.load(
      contextLength: max(longest, VectorDistillationOptions.windowTokens + 1) + opening,
      states: 2 + Self.sequences)
    editor = try StudiedEditor(file, on: loaded, template: template)
    runs = try EditedRuns(beside: loaded.state, sequences: Self.sequences)
    runs.isStopRequested = isStopRequested
    let tokens = max(options.batchSize * longest, VectorDistillationOptions.windowTokens + 1)
    try MemoryBudget().adding(
      "gradients",
      DirectionTraining.byteCount(loaded.processor, tokens: tokens, answers: options.batchSize)
    ).check(limit: opened.settings.memoryLimit)
    training = try DirectionTraining(
      loaded.processor, layers: Array(layers), tokens: tokens, answers: options.batchSize)
  }

  /// Tokens of the longest prompt and its answer. Throws `tooLong`.
  private static func longestRow(
    _ options: VectorDistillationOptions, _ texts: [String], _ opened: OpenedModel,
    _ template: PromptTemplate
  ) throws -> Int {
    var longest = 0
    for text in texts {
      let row = TrainingRow(instruction: "x", input: text, output: "x")
      let needed = template.prompt(row, with: opened.tokenizer).count + options.answerTokens + 1
      guard needed <= opened.configuration.contextLength else {
        throw StudyError.tooLong(
          what: "the prompt \"\(text.prefix(40))\"", tokens: needed,
          most: opened.configuration.contextLength)
      }
      longest = max(longest, needed)
    }
    return longest
  }

  /// All of it. Throws what running the model throws, `notFinite` where it diverged, and `interrupted`.
  public func run() throws -> DistilledVector {
    let clock = ContinuousClock()
    let start = clock.now
    let edit = try editor.compile(try editor.write(options.instruction))
    var order = Array(texts.indices)
    var generator = SeededGenerator(options.seed, 0x4B45_5054)
    generator.shuffle(&order)
    let keptCount = max(1, texts.count / VectorDistillationOptions.keptShare)
    let answers = try self.answers(order.map { editor.prompt(texts[$0]) }, edit)
    let followed = try answers.enumerated().map { number, row in
      try report(.answering, 0.7 + 0.3 * Double(number) / Double(answers.count))
      return DirectionTraining.Answer(row: row, states: try runs.lastStates(row, under: edit))
    }
    try training.learn(
      Array(followed.dropFirst(keptCount)), steps: options.steps, rate: options.learningRate,
      seed: options.seed
    ) { try report(.distilling, $0) }
    let kept = Array(followed.prefix(keptCount))
    let before = try training.divergences(kept, isEdited: false)
    try report(.measuring, 0.2)
    let after = try training.divergences(kept)
    try report(.measuring, 0.4)
    let unrelated = try unrelatedDivergence()
    try report(.measuring, 0.6)
    let found = ControlVector(directions: training.vector.byLayer)
    let tokens = kept.reduce(0) { $0 + $1.row.response.count }
    let (unedited, distilled) = (before.reduce(0, +), after.reduce(0, +))
    let share = Bootstrap().estimates(count: keptCount) { times in
      let (a, b) = times.indices.reduce(into: (0.0, 0.0)) {
        $0.0 += Double(times[$1]) * before[$1]
        $0.1 += Double(times[$1]) * after[$1]
      }
      return [1 - b / a]
    }
    return DistilledVector(
      vector: found, model: opened.settings.path, editor: options.editor,
      instruction: options.instruction, layers: training.vector.layers,
      trained: texts.count - keptCount, kept: keptCount, keptTokens: tokens, steps: options.steps,
      unedited: unedited / Double(tokens), distilled: distilled / Double(tokens),
      share: unedited > VectorDistillationOptions.leastDivergence * Double(tokens) ? share[0] : nil,
      unrelated: unrelated, answers: try shown(order, kept, found),
      seconds: start.duration(to: clock.now) / .seconds(1))
  }

  /// What the edited model answers to each prompt.
  private func answers(_ prompts: [[Int]], _ edit: CompiledEdit) throws -> [EditedRuns.Row] {
    var rows: [EditedRuns.Row] = []
    for first in stride(from: 0, to: prompts.count, by: Self.sequences) {
      let some = prompts[first..<min(first + Self.sequences, prompts.count)]
      let answers = try runs.answers(
        some.map { ($0, edit) }, maximumTokens: options.answerTokens,
        ends: opened.tokenizer.endOfGenerationTokens)
      rows += zip(some, answers).map { EditedRuns.Row(prompt: $0, response: $1) }
      try report(.answering, 0.7 * Double(rows.count) / Double(prompts.count))
    }
    return rows
  }

  /// KL(unedited || with the vector), nats a token of windows of the text that is built in.
  private func unrelatedDivergence() throws -> Double {
    let tokenizer = opened.tokenizer
    let text = String(decoding: PackageResources.unrelated_txt, as: UTF8.self)
    let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let bos = tokenizer.vocabulary.addsBOS ? tokenizer.bosToken.map { [$0] } ?? [] : []
    let size = min(VectorDistillationOptions.windowTokens, tokens.count)
    let windows = (0..<min(VectorDistillationOptions.windows, tokens.count / size)).map {
      EditedRuns.Row(text: bos + tokens[$0 * size..<($0 + 1) * size])
    }
    var sum = 0.0
    for row in windows {
      sum += try training.divergences([
        .init(row: row, states: try runs.lastStates(row, under: nil))
      ])[0]
    }
    return sum / Double(windows.reduce(0) { $0 + $1.response.count })
  }

  /// The first of the kept prompts, answered with the edit, without it, and with the vector.
  private func shown(
    _ order: [Int], _ kept: [DirectionTraining.Answer], _ found: ControlVector
  ) throws -> [DistilledVector.Answer] {
    let some = Array(kept.prefix(VectorDistillationOptions.shown))
    let configuration = opened.configuration
    let latents = try found.edit(
      width: configuration.hiddenSize, layerCount: configuration.layerCount)
    func answers(_ visitors: [EditInjector]) throws -> [[Int]] {
      try runs.answers(
        some.map { ($0.row.prompt, nil) }, maximumTokens: options.answerTokens,
        ends: opened.tokenizer.endOfGenerationTokens, visitors: visitors)
    }
    let unedited = try answers([])
    let distilled = try answers(
      some.map { try EditInjector(latents, prompt: PromptShape(length: $0.row.prompt.count)) })
    return some.indices.map { number in
      DistilledVector.Answer(
        prompt: texts[order[number]], unedited: opened.tokenizer.decode(unedited[number]),
        edited: opened.tokenizer.decode(some[number].row.response),
        distilled: opened.tokenizer.decode(distilled[number]))
    }
  }

  /// The part of the whole that is done at a part of a stage.
  public static func part(_ stage: VectorDistillationStage, _ part: Double) -> Double {
    let all = VectorDistillationStage.allCases
    let before = all.prefix { $0 != stage }.reduce(0) { $0 + $1.weight }
    return (before + stage.weight * part) / all.reduce(0) { $0 + $1.weight }
  }

  /// Tells how far a stage is. Throws `interrupted`.
  private func report(_ stage: VectorDistillationStage, _ part: Double) throws {
    guard !isStopRequested() else {
      throw StudyError.interrupted(work: "distilling the edit; nothing was written")
    }
    progress(stage, part)
  }
}
