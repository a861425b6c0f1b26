import Emend
import Foundation
import Testing

/// Files of the repository, without its helpers.
private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()
private let modelPath =
  ProcessInfo.processInfo.environment["EMEND_TEST_MODEL"]
  ?? repository.appending(path: "models/cache/SmolLM2-135M-Instruct.Q4_1.gguf").path

/// Emend as a program outside sees it: one import, nothing internal. Every use that the documentation of the
/// product names is here.
@Suite(
  .serialized,
  .enabled(
    if: FileManager.default.fileExists(atPath: modelPath),
    "needs the model that tools/fetch-models brings"))
struct EmendTests {
  private let settings = ModelSettings(path: modelPath, threads: 2, contextLength: 128)
  private let editor = repository.appending(
    path: "models/editors/smollm2-135m-instruct-p0.safetensors"
  ).path
  private let greedy = GenerationOptions(sampling: .greedy, maximumTokens: 12)

  private func answer(_ session: EditSession) async throws -> String {
    var text = ""
    for try await piece in session.respond(to: "I like tea.", options: greedy) { text += piece }
    return text
  }

  /// An instruction changes the answer, as a request and as a value; values scale and add up.
  @Test func editsAnswers() async throws {
    let model = try EditableModel(settings)
    // Conversations with an editor are of the family's form, without the model's own system turn.
    let plain = try await answer(model.session(template: .family(.chatml)))
    let request = EditRequest("Answer in upper case.", editor: editor)
    let edited = try await answer(model.session(request))
    #expect(edited == "I LIKE TEA.", "what emend generate --chat --temp 0 says")
    #expect(plain != edited)

    let edit = try await model.edit(request)
    #expect(try await answer(model.session(EditRequest(edits: [edit]))) == edited)
    let nothing = EditRequest(edits: [try edit.scaled(by: 0)])
    #expect(try await answer(model.session(nothing)) == plain, "strength 0 is the unedited model")
    let opposite = try LatentEdit.sum([edit, edit.scaled(by: -1)])
    #expect(try await answer(model.session(EditRequest(edits: [opposite]))) == plain)
    let half = try edit.restricted(to: LayerSelection(Array(0..<15)))
    #expect(half.sites.count < edit.sites.count && !half.isEmpty)
  }

  /// A control vector from two texts, as an edit of every token.
  @Test func steersByControlVectors() async throws {
    let opened = try OpenedModel(settings)
    let loaded = try opened.load()
    func tokens(_ text: String) -> [Int] { opened.tokenizer.prompt(text).tokens }
    let vector = try MeanDifference(loaded.state).controlVector(
      positive: [tokens("I am happy.")], negative: [tokens("I am sad.")])
    let c = opened.configuration
    let edit = try vector.edit(width: c.hiddenSize, layerCount: c.layerCount, scale: 0.5)
    #expect(try ControlVector(edit).directions.keys == vector.directions.keys)
    let model = try EditableModel(settings)
    let steered = try await answer(model.session(EditRequest(edits: [edit])))
    #expect(try await steered != answer(model.session()))
  }

  /// The lower door: a prompt, an edited processor with a trace, and the generator.
  @Test func tracesAndCompares() throws {
    let opened = try OpenedModel(settings)
    let request = EditRequest("Answer in upper case.", editor: editor)
    var preparation = try #require(try EditPreparation(request, opened))
    let loaded = try opened.load(beside: preparation, states: 2)
    let prompt = opened.tokenizer.prompt("I like tea.")
    let recorder = TraceRecorder(
      layerCount: opened.configuration.layerCount, promptLength: prompt.tokens.count)
    let traced = TracedProcessor(
      try preparation.processor(loaded, observer: recorder), unedited: try loaded.anotherState(),
      recorder: recorder)
    var ids: [Int] = []
    try Generator(traced, tokenizer: opened.tokenizer).run(prompt: prompt, options: greedy) {
      if case .token(let id, _) = $0 { ids.append(id) }
      return .more
    }
    #expect(!ids.isEmpty && !recorder.trace.sites.isEmpty)
    #expect(recorder.trace.tokens.map(\.id) == ids.dropLast())
  }

  /// What a model makes of a text; an edited one that is not given its prompt throws.
  @Test func scores() throws {
    let opened = try OpenedModel(settings)
    let loaded = try opened.load()
    let ids = opened.tokenizer.prompt("The lighthouse stood on a rock.").tokens
    let size = opened.configuration.vocabularySize
    let scores = try TokenScores.logProbabilities(of: ids, loaded.state, vocabularySize: size)
    #expect(scores.count == ids.count - 1 && scores.allSatisfy { $0 < 0 })
    var preparation = try #require(
      try EditPreparation(EditRequest("Be brief.", editor: editor), opened))
    let edited = try preparation.processor(loaded)
    #expect(throws: LanguageModelError.noPrompt) { try edited.forward(ids) }
  }

  /// Training through the frozen model, in a folder that a second run goes on with, and the editor that comes
  /// of it measured beside a constant that is trained for that.
  @Test func trainsAndEvaluates() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let rows = folder.appending(path: "rows.jsonl")
    let lines = (0..<48).map { index in
      #"{"instruction": "Say it \#(index % 12) times.", "input": "Tea \#(index).", "output": "Yes."}"#
    }
    try lines.joined(separator: "\n").write(to: rows, atomically: true, encoding: .utf8)

    var options = TrainingOptions()
    options.data = [TrainingDataFile(path: rows.path, weight: 1)]
    options.output = folder.appending(path: "run").path
    for (name, value) in [
      ("steps", "2"), ("batch_size", "2"), ("backbone", "gpt2:1x16x1"), ("heads", "rank-1"),
      ("unseen_part", "0.4"), ("steps_per_eval", "0"), ("schedule", "constant"),
    ] {
      try options.set(name, to: value)
    }
    let opened = try OpenedModel(settings)
    let processor = try opened.loadProcessor()
    let stopped = Listener(stepsWanted: 1)
    let first = try train(options, opened, processor, .never, stopped)
    #expect(first.step == 1 && !first.finished && stopped.steps == [1])
    #expect(throws: TrainingRunError.trainingExists(folder: options.output)) {
      try train(options, opened, processor, .never, Listener())
    }
    let listener = Listener()
    let second = try train(options, opened, processor, .automatic, listener)
    #expect(second.step == 2 && second.finished && listener.steps == [2])

    var evaluation = EvaluationRun(options.output + "/editor.safetensors", options)
    evaluation.selection = .init(splits: ["unseen"], rows: 4, responseTokens: 4)
    evaluation.baselines = .init(folder: folder.appending(path: "baselines").path, steps: 1)
    evaluation.measurement.conditions = [.ablated, .constant, .edited, .prompted]
    evaluation.resamples = 10
    evaluation.answers = 1
    let measured = Listener()
    let result = try evaluation.run(opened, listener: measured)
    let split = try #require(result.splits.first)
    #expect(split.split == "unseen" && split.figures.rows == 4)
    #expect(Set(split.figures.conditions.keys) == ["ablated", "constant", "edited", "prompted"])
    #expect(split.generations?.count == 1)
    #expect(measured.steps == [1] && measured.baselines == [.constant] && measured.rows == 4)
    measured.isStopRequested = true
    #expect(throws: EvaluationError.self) { try evaluation.run(opened, listener: measured) }
  }

  private func train(
    _ options: TrainingOptions, _ opened: OpenedModel, _ processor: Processor,
    _ resumption: TrainingRun.Resumption, _ listener: Listener
  ) throws -> TrainingResult {
    let training = try PreparedTraining(options, opened, processor: processor)
    var run = try TrainingRun(training, resumption: resumption, listener: listener)
    return try run.run()
  }

  /// What a model's file contains, and how fast it runs.
  @Test func reportsAndMeasures() throws {
    let opened = try OpenedModel(settings)
    let report = ModelFileReport(opened.file, contextLength: 128)
    #expect(report.processor?.layers == 30 && report.memory?.contextSize == 128)
    let loaded = try opened.load(contextLength: 16)
    let test = try SpeedTest(loaded, nil)
    let measured = try #require(try test.measure(.decoding(4, depth: 2), repetitions: 2))
    #expect(measured.test == "tg4@d2" && measured.tokensPerSecond > 0)
    #expect(try test.measure(.prompt(4)) { $0 < 2 } == nil, "told to stop")
  }
}

/// Counts what happens, and stops a training after some steps.
private final class Listener: EvaluationListener {
  private(set) var steps: [Int] = []
  private(set) var baselines: [TrainedBaseline] = []
  private(set) var rows = 0
  private let stepsWanted: Int
  var isStopRequested = false

  init(stepsWanted: Int = .max) { self.stepsWanted = stepsWanted }

  func receive(_ event: TrainingEvent) {
    guard case .step(let report) = event else { return }
    steps.append(report.step)
    isStopRequested = steps.count >= stepsWanted
  }

  func receive(_ event: EvaluationEvent) {
    switch event {
    case .training(let baseline, _): baselines.append(baseline)
    case .measured(_, let done, _): rows = done
    case .memory, .unrelated, .answered: break
    }
  }
}
