import EditSessions
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing
import TextGeneration
import Tokenization

/// A prefix editor (P8) that changes nothing yet, in conversations as several families write them.
@Suite(.serialized, .enabled(if: OutsideFiles.smolLM2 != nil, Real.reason))
struct TemplatePrefixTests {
  private static let instruction = "Answer in one word."
  private static let said = "What is a lighthouse?"

  /// Its adapters are zero, or as they are drawn.
  private func editor(_ place: InstructionPlace, drawn: Bool = false) throws -> String {
    let path = try folder.file("\(place.rawValue)-\(drawn).safetensors")
    if FileManager.default.fileExists(atPath: path) { return path }
    let opened = try OpenedModel(Real.settings())
    let processor = try opened.loadProcessor()
    let c = processor.configuration
    let editor = try Editor(
      EditorConfiguration(
        interface: .p8, processor: opened.identity(),
        backbone: .processor(
          depth: c.layerCount, width: c.hiddenSize,
          adapters: AdapterConfiguration(
            rank: 2, alpha: 4, modules: [.query, .attentionOutput, .gate, .up, .down],
            depth: c.layerCount)), instructionPlace: place),
      seed: 1, processor: processor, pool: processor.pool)
    if drawn, let adapters = (editor.backbone as? ProcessorBackbone)?.adapters {
      adapters.parameters.initialize(seed: 2, pool: processor.pool) { _ in
        .normal(deviation: 0.05)
      }
    }
    try editor.write(to: path)
    return path
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Of a family that SmolLM2 is of, its own tokenizer; of the others one of SentencePiece, in which their
  /// markers are text, as in the models that they are from.
  private func tokenizer(_ family: ChatFamily, _ opened: OpenedModel) throws -> Tokenizer {
    guard family != .chatml else { return opened.tokenizer }
    return try Tokenizer(
      GGUFFile(path: OutsideFiles.fixture("tokenizers/plain.gguf").path).metadata)
  }

  /// Edited is prompted: the tokens that are fed are those of the conversation with the instruction in it, beside
  /// what the system says, and the logits are the same bits.
  @Test(
    arguments: [ChatFamily.chatml, .llama2, .mistral, .zephyr, .llama3], InstructionPlace.allCases)
  func newEditorsPrompt(family: ChatFamily, place: InstructionPlace) throws {
    let opened = try OpenedModel(Real.settings(contextLength: 256))
    let loaded = try opened.load()
    let tokenizer = try tokenizer(family, opened)
    let editor = try Editor(
      path: editor(place), identity: opened.identity(), processor: loaded.processor,
      pool: loaded.processor.pool)
    for system in [nil, "You are a cook."] {
      let turns = system.map { [ChatMessage(.system, $0)] } ?? []
      let plain = family.encode(turns + [ChatMessage(.user, Self.said)], with: tokenizer)
      let replaced = family.opening(after: system, with: tokenizer)
      #expect(plain.starts(with: replaced))
      let compiled = try CompiledEdit.reading(
        family.opening(with: Self.instruction, in: place, after: system, with: tokenizer),
        replacing: replaced, with: editor, on: loaded.processor, identity: opened.identity(),
        cacheType: loaded.state.cacheType, label: "")
      let prompted = compiled.tokens(for: plain)
      if place == .system {
        let whole = [system, Self.instruction].compactMap { $0 }.joined(separator: "\n")
        #expect(
          prompted
            == family.encode(
              [ChatMessage(.system, whole), ChatMessage(.user, Self.said)], with: tokenizer))
      }
      loaded.state.truncate(to: 0)
      let wanted = try loaded.state.forward(prompted)
      loaded.state.truncate(to: 0)
      let unedited = try loaded.state.forward(plain)
      loaded.state.truncate(to: 0)
      let c = loaded.configuration
      let edited = try EditedProcessor(
        loaded.state, edit: LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: []),
        compiled: compiled)
      try edited.prepare(Prompt(plain))
      let found = try edited.forward(edited.extended(Prompt(plain)).tokens)
      #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern))
      #expect(found != unedited)
    }
  }

  private func answer(_ session: EditSession, _ text: String) async throws -> String {
    var answer = ""
    let options = GenerationOptions(sampling: .greedy, maximumTokens: 12)
    for try await piece in session.respond(to: text, options: options) { answer += piece }
    return answer
  }

  /// Turn after turn, what a new editor answers is what the model answers to whom the system says the
  /// instruction; so it is after what the system says has changed. One whose adapters are not zero says something
  /// else.
  @Test func conversationsKeepTheInstruction() async throws {
    let model = try EditableModel(Real.settings(contextLength: 512))
    let request = try EditRequest(Self.instruction, editor: editor(.system))
    let edited = try await model.session(request, template: .family(.chatml))
    let others = try await model.session(
      EditRequest(Self.instruction, editor: editor(.system, drawn: true)),
      template: .family(.chatml))
    var differs = false
    for system in [nil, "You are a cook.", "You are a sailor.", nil] {
      let said = [system, Self.instruction].compactMap { $0 }.joined(separator: "\n")
      let prompted = try await model.session(system: said, template: .family(.chatml))
      try await edited.restart(system: system)
      try await others.restart(system: system)
      for text in ["What is a lighthouse?", "And what is a ferry?", "Name one."] {
        let wanted = try await answer(prompted, text)
        #expect(try await answer(edited, text) == wanted)
        if try await answer(others, text) != wanted { differs = true }
      }
      #expect(try await edited.messages.count == (system == nil ? 6 : 7))
    }
    #expect(differs)
  }
}
