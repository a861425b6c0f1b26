import EditSessions
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import Tokenization

/// Explains one edit.
///
///     var options = ExplanationOptions("Make it a question.", editor: "editor.safetensors")
///     let explanation = try Explainer(options, OpenedModel(settings)).run()
///     print(explanation.map?.best as Any)
///
/// Every figure is against the mean edit, which is what edits of all instructions have in common. Used by one thread
/// at a time.
public final class Explainer {
  let options: ExplanationOptions
  let opened: OpenedModel
  let tokenizer: Tokenizer
  let known: [KnownInstructions.Entry]
  let editor: StudiedEditor
  let runs: EditedRuns
  let inputs: [String]
  private let progress: (ExplanationStage, Double) -> Void
  private let isStopRequested: () -> Bool

  /// What was read: the edit, the mean edit, and both as keys and values.
  struct Subject {
    let mean: MeanEdit
    let written: WrittenEdit
    let edit: CompiledEdit
    let meanEdit: CompiledEdit
  }

  /// Answers of the edited model, their losses, and what they gain over the mean edit, in nats.
  struct Answered {
    let rows: [EditedRuns.Row]
    let edited: [Double]
    let mean: [Double]
    var gains: [Double] { zip(mean, edited).map { $0 - $1 } }
    var gain: Double { gains.reduce(0, +) }
    var tokens: Int { rows.reduce(0) { $0 + $1.response.count } }
    /// Whether there is something to divide by.
    var isDecided: Bool { gain > ExplanationOptions.leastGain * Double(tokens) }
  }

  /// Sequences that go through together.
  private static let sequences = 24

  /// Opens the editor, and loads the weights of `opened`. `progress` hears how far a stage is, 0 to 1;
  /// `isStopRequested` is asked before every pass.
  ///
  /// Throws `StudyError`, `MemoryShortage`, and what makes a file unusable.
  public init(
    _ options: ExplanationOptions, _ opened: OpenedModel,
    isStopRequested: @escaping () -> Bool = { false },
    progress: @escaping (ExplanationStage, Double) -> Void = { _, _ in }
  ) throws {
    self.options = options
    self.opened = opened
    self.progress = progress
    self.isStopRequested = isStopRequested
    tokenizer = opened.tokenizer
    known = options.known?.entries ?? KnownInstructions.all
    inputs = options.inputs ?? ExplanationOptions.defaultInputs
    let least = ExplanationOptions.neighbours + ExplanationOptions.strangers + 1
    guard Set(known.map(\.text)).count >= least else {
      throw StudyError.tooFewInstructions(found: Set(known.map(\.text)).count, needed: least)
    }
    let file = try OpenedEditor(path: options.editor)
    try StudiedEditor.check(file)
    let template = try PromptTemplate(
      name: options.chatTemplate, for: opened.tokenizer.vocabulary)
    let loaded = try opened.load(
      contextLength: try Self.contextLength(options, inputs, known, opened, file, template),
      states: 2 + Self.sequences)
    // Before a minute of other measurements, and not behind it.
    try PathGradients.check(
      loaded, points: ExplanationOptions.pathPoints, length: loaded.state.contextLength)
    editor = try StudiedEditor(file, on: loaded, template: template)
    runs = try EditedRuns(beside: loaded.state, sequences: Self.sequences)
  }

  /// Tokens of the longest sequence.
  private static func contextLength(
    _ options: ExplanationOptions, _ inputs: [String], _ known: [KnownInstructions.Entry],
    _ opened: OpenedModel, _ file: OpenedEditor, _ template: PromptTemplate
  ) throws -> Int {
    let tokenizer = opened.tokenizer
    let instructions = try file.instructionTokenizer(processor: tokenizer)
    func opening(_ text: String) -> Int {
      template.opening(with: text, for: file.configuration, instructions, with: tokenizer)?.count
        ?? 1
    }
    let longest = ([options.instruction] + known.map(\.text)).map(opening).max() ?? 1
    var needed = longest + ExplanationOptions.windowTokens + 1
    for input in inputs {
      let row = TrainingRow(instruction: options.instruction, input: input, output: "x")
      let prompt = max(
        template.prompt(row, with: tokenizer).count + longest,
        template.promptedPrompt(row, with: tokenizer).count)
      needed = max(needed, prompt + options.answerTokens + 1)
      guard needed <= opened.configuration.contextLength else {
        throw StudyError.tooLong(
          what: "the input \"\(input.prefix(40))\"", tokens: needed,
          most: opened.configuration.contextLength)
      }
    }
    return needed
  }

  /// Tells how far a stage is. Throws `interrupted`.
  func report(_ stage: ExplanationStage, _ part: Double) throws {
    guard !isStopRequested() else {
      throw StudyError.interrupted(work: "explaining the edit")
    }
    progress(stage, part)
  }

  /// The part of the whole that is done at a part of a stage.
  public static func part(_ stage: ExplanationStage, _ part: Double) -> Double {
    let all = ExplanationStage.allCases
    let before = all.prefix { $0 != stage }.reduce(0) { $0 + $1.weight }
    return (before + stage.weight * part) / all.reduce(0) { $0 + $1.weight }
  }

  /// All of it. Throws what running the model throws, `control` where a measurement cannot be trusted, and
  /// `interrupted`.
  public func run() throws -> EditExplanation {
    runs.isStopRequested = isStopRequested
    let clock = ContinuousClock()
    let start = clock.now
    var undecided: [String] = []
    var notTested = Self.alwaysUntested
    let windows = try unrelatedWindows()
    let (subject, neighbourhood) = try read()
    let (answered, shown, losses) = try answer(subject)
    try checkControls(subject, answered)
    if !answered.isDecided {
      undecided.append(
        "where the edit acts: its answers gain \(rounded(losses.gain)) nat a token over the mean edit, and below "
          + "\(ExplanationOptions.leastGain) there is nothing to divide by")
    }
    if inputs.count < 4 {
      notTested.append(
        "whether other inputs show the same: \(inputs.count) of them \(inputs.count == 1 ? "was" : "were") tried"
      )
    }
    let mapStart = clock.now
    let (halves, map) = answered.isDecided ? try contributions(subject, answered) : (nil, nil)
    let mapSeconds = mapStart.duration(to: clock.now) / .seconds(1)
    let (words, groups) = try words(subject, answered, &notTested)
    let (nearest, familiarity) = try neighbours(subject, answered, neighbourhood)
    let (promoted, suppressed) = try tokenChanges(subject, answered)
    let (dose, limit, harm) = try doses(subject, answered, windows)
    return EditExplanation(
      version: 1, model: opened.settings.path, editor: options.editor,
      interface: editor.configuration.interface.rawValue, instruction: options.instruction,
      activations: opened.settings.activations.rawValue, layers: editor.layerCount,
      pairs: subject.edit.positions.count,
      known: .init(
        instructions: known.count, families: Set(known.map(\.family)).count,
        source: options.known?.source ?? "built in"),
      inputs: shown, losses: losses, sizes: sizes(subject), halves: halves, map: map, words: words,
      wordLayers: groups.map { [$0.first!, $0.last!] }, nearest: nearest,
      familiarity: familiarity, promoted: promoted, suppressed: suppressed, dose: dose,
      limit: limit, harm: harm, undecided: undecided, notTested: notTested,
      mapSeconds: mapSeconds, seconds: start.duration(to: clock.now) / .seconds(1),
      tokensRun: runs.tokenCount, peakRssBytes: SystemMemory.peakResidentBytes)
  }

  private static let alwaysUntested = [
    "whether other blocks would do as well after training (random sites of the same number): that an edit acts in "
      + "some blocks is no evidence that the model keeps the concept there",
    "whether the answers are right: they are the edited model's own",
    "latents of single coordinates, and heads",
  ]

  /// Reads what is known and the instruction itself.
  private func read() throws -> (Subject, Neighbourhood) {
    var neighbourhood = Neighbourhood()
    let mean = try editor.mean(of: known) { number, written in
      neighbourhood.append(try editor.compile(written), layers: editor.layerCount)
      try report(.reading, Double(number + 1) / Double(known.count))
    }
    neighbourhood.finish()
    let written = try editor.write(options.instruction)
    return (
      Subject(
        mean: mean, written: written, edit: try editor.compile(written),
        meanEdit: try editor.compile(mean.inPlace(of: written))), neighbourhood
    )
  }

  /// Answers the inputs with the edit, without it and with the mean edit, and takes the losses of the first.
  private func answer(
    _ subject: Subject
  ) throws -> (Answered, [EditExplanation.Input], EditExplanation.Losses) {
    try report(.answering, 0)
    let edits = [subject.edit, nil, subject.meanEdit]
    let prompts = inputs.map(editor.prompt)
    let answers = try runs.answers(
      prompts.flatMap { prompt in edits.map { (prompt, $0) } },
      maximumTokens: options.answerTokens, ends: tokenizer.endOfGenerationTokens)
    try report(.answering, 0.6)
    let rows = prompts.indices.map {
      EditedRuns.Row(prompt: prompts[$0], response: answers[3 * $0])
    }
    var sums: [[Double]] = []
    var prompted = 0.0
    for (row, input) in zip(rows, inputs) {
      sums.append(try runs.losses(row, under: edits))
      prompted += try runs.losses(
        .init(
          prompt: editor.prompted(input, options.instruction), response: row.response),
        under: [nil])[0]
    }
    let answered = Answered(rows: rows, edited: sums.map { $0[0] }, mean: sums.map { $0[2] })
    let tokens = Double(answered.tokens)
    let shown = inputs.indices.map { i in
      EditExplanation.Input(
        text: inputs[i], edited: tokenizer.decode(answers[3 * i]),
        unedited: tokenizer.decode(answers[3 * i + 1]), mean: tokenizer.decode(answers[3 * i + 2]),
        promptIds: prompts[i], answerIds: answers[3 * i],
        tokens: rows[i].response.count,
        gain: answered.gains[i] / Double(rows[i].response.count))
    }
    func total(_ index: Int) -> Double { sums.reduce(0) { $0 + $1[index] } / tokens }
    return (
      answered, shown,
      EditExplanation.Losses(
        unedited: total(1), mean: total(2), edited: total(0), prompted: prompted / tokens,
        gain: answered.gain / tokens)
    )
  }

  /// What must change nothing changes nothing, to the bit: all blocks of the edit are the edit, none is the mean.
  private func checkControls(_ subject: Subject, _ answered: Answered) throws {
    let all = subject.meanEdit.mixed(with: subject.edit, layers: 0..<editor.layerCount)
    let none = subject.meanEdit.mixed(with: subject.edit, layers: [])
    let losses = try runs.losses(answered.rows[0], under: [all, none])
    for (name, found, wanted) in [
      ("all blocks of the edit are the edit", losses[0], answered.edited[0]),
      ("no block of the edit is the mean edit", losses[1], answered.mean[0]),
    ] where found != wanted {
      throw StudyError.control(name: name, found: "a loss of \(found) in the place of \(wanted)")
    }
  }

  /// ||edit - mean|| / ||mean|| of keys and of values by block, and of what is written.
  private func sizes(_ subject: Subject) -> [EditExplanation.LayerSize] {
    let depth = editor.layerCount
    func ratio(_ part: (Int) -> (edit: [Float], mean: [Float]), _ layer: Int) -> Double {
      var (difference, whole) = (0.0, 0.0)
      for position in subject.edit.positions.indices {
        let (edit, mean) = part(position)
        let size = edit.count / depth
        for i in layer * size..<(layer + 1) * size {
          let d = Double(edit[i]) - Double(mean[i])
          difference += d * d
          whole += Double(mean[i]) * Double(mean[i])
        }
      }
      return whole > 0 ? (difference / whole).squareRoot() : 0
    }
    let written = writtenSizes(subject)
    return (0..<depth).map { layer in
      EditExplanation.LayerSize(
        layer: layer,
        keys: ratio(
          { (subject.edit.positions[$0].keys, subject.meanEdit.positions[$0].keys) }, layer),
        values: ratio(
          { (subject.edit.positions[$0].values, subject.meanEdit.positions[$0].values) }, layer),
        written: written[layer])
    }
  }

  /// ||v - mu|| / ||v|| by block.
  private func writtenSizes(_ subject: Subject) -> [Double?] {
    guard let mean = try? subject.mean.inPlace(of: subject.written) else {
      return [Double?](repeating: nil, count: editor.layerCount)
    }
    func ratio(_ v: [Float], _ m: [Float]) -> Double? {
      var (difference, whole) = (0.0, 0.0)
      for (a, b) in zip(v, m) {
        difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
        whole += Double(a) * Double(a)
      }
      return whole > 0 ? (difference / whole).squareRoot() : nil
    }
    switch (subject.written, mean) {
    case (.latents(let edit), .latents(let mean)):
      return (0..<editor.layerCount).map { layer in
        let point = editor.configuration.placement.point(ofLayer: layer)
        guard let site = edit.sites.first(where: { $0.point == point }),
          let center = mean.sites.first(where: { $0.point == point })
        else { return nil }
        return ratio(site.latent.map { $0 * site.gate }, center.latent)
      }
    case (.states(let states, _, _), .states(let center, _, _)):
      let size = states.count / editor.layerCount
      return (0..<editor.layerCount).map { layer in
        let range = layer * size..<(layer + 1) * size
        return ratio(Array(states[range]), Array(center[range]))
      }
    default: return [Double?](repeating: nil, count: editor.layerCount)
    }
  }

  /// With three digits, for sentences.
  func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}
