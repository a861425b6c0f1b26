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

  /// Training through the frozen model, and the editor that comes of it.
  @Test func trains() throws {
    let opened = try OpenedModel(settings)
    let processor = try opened.loadProcessor()
    var options = TrainingOptions()
    try options.set("steps", to: "2")
    try options.set("batch_size", to: "2")
    try options.set("backbone", to: "gpt2:1x16x1")
    try options.set("heads", to: "rank-1")
    let network = try options.network(
      for: processor, identity: opened.identity(), tokenizer: opened.tokenizer)
    let input = try TrainingInput(
      options, randomRows: RandomRows("4x8x3"), configuration: opened.configuration,
      tokenizer: opened.tokenizer, for: network)
    let trainer = try Trainer(
      options.plan, network, processor: processor, data: input.data, execution: options.execution)
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    #expect(losses.count == 2 && trainer.step == 2)
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "editor.safetensors").path
    try network.write(to: path, storage: .f32)
    #expect(try OpenedEditor(path: path).configuration.interface == .p0)
  }
}
