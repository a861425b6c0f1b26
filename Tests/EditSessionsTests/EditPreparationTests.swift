import EditSessions
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: OutsideFiles.smolLM2 != nil, Real.reason))
struct EditPreparationTests {
  /// Logits after the last of some tokens, edited by what is prepared.
  private func logits(_ preparation: EditPreparation?, _ opened: OpenedModel) throws -> [Float] {
    let loaded = try opened.load(beside: preparation)
    var preparation = preparation
    let model: any SequenceModel = try preparation?.processor(loaded) ?? loaded.state
    let prompt = Prompt([1, 5, 9, 13, 17])
    try model.prepare(prompt)
    return try model.forward(model.extended(prompt).tokens)
  }

  /// What the parts of the library give when they are called one by one.
  private func wanted(_ name: String, _ text: String, strength: Float) throws -> [Float] {
    let opened = try OpenedModel(Real.settings())
    let loaded = try opened.load()
    let editor = try Editor(
      path: Real.editor(name), identity: ProcessorIdentity(opened.file),
      processor: loaded.processor, pool: loaded.processor.pool)
    let ids = editor.instructionTokenizer(processor: opened.tokenizer).tokens(of: text)
    let prompt = [1, 5, 9, 13, 17]
    let edit = try editor.edit(ids, strength: strength, prompt: prompt, on: loaded.state)
    let edited = try EditedProcessor(loaded.state, edit: edit)
    try edited.prepare(Prompt(prompt))
    return try edited.forward(edited.extended(Prompt(prompt)).tokens)
  }

  /// Editors of every kind: with weights of their own, with the processor's, and beside the prompt.
  @Test(arguments: ["p0", "p1", "p2", "p4", "p5", "processor"])
  func givesWhatItsPartsGive(name: String) throws {
    let opened = try OpenedModel(Real.settings())
    let request = try EditRequest("abc", editor: Real.editor(name), strength: 0.5)
    let found = try logits(EditPreparation(request, opened), opened)
    #expect(try found == wanted(name, "abc", strength: 0.5))
    #expect(try found != logits(nil, opened))
  }

  /// An editor's file is opened when the preparation begins and not again: it may be gone after that, and
  /// what is read is still the same. Two instructions for one file share it.
  @Test(arguments: ["p0", "p4", "processor"])
  func opensAnEditorOnce(name: String) throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = try folder.file("editor.safetensors")
    func prepared(removing: Bool) throws -> [Float] {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: Real.editor(name), toPath: path)
      // Loading the first editor that reads before the model is heard of, too.
      let opened = try OpenedModel(Real.settings()) { event in
        guard removing, case .editorMemory = event else { return }
        try? FileManager.default.removeItem(atPath: path)
      }
      let request = EditRequest(instructions: [
        .init("abc", editor: path), .init("cba", editor: path, strength: -2),
      ])
      let before = OpenedEditor.openedCount(path)
      let preparation = try EditPreparation(request, opened)
      if removing { try? FileManager.default.removeItem(atPath: path) }
      let result = try logits(preparation, opened)
      #expect(OpenedEditor.openedCount(path) == before + 1)
      return result
    }
    #expect(try prepared(removing: true) == prepared(removing: false))
  }

  @Test func identityIsTheFiles() throws {
    let opened = try OpenedModel(Real.settings())
    #expect(try opened.identity() == ProcessorIdentity(opened.file))
    let clock = ContinuousClock()
    let again = try clock.measure { for _ in 0..<10_000 { _ = try opened.identity() } }
    #expect(again < .seconds(1), "it is kept: hashing so often takes minutes")
  }

  /// Values that were made before go in beside what is read, and control vectors' blocks are checked.
  @Test func addsEditsThatWereMade() throws {
    let opened = try OpenedModel(Real.settings())
    let loaded = try opened.load()
    var reading = try #require(
      try EditPreparation(EditRequest("abc", editor: Real.editor("p0")), opened))
    let edit = try reading.edit(loaded)
    let half = try edit.scaled(by: 0.5)
    var both = try #require(try EditPreparation(EditRequest(edits: [half, half]), opened))
    #expect(try both.edit(loaded).sites.count == 2 * edit.sites.count)
    let none = try EditPreparation(EditRequest(), opened)
    #expect(none.map { _ in true } == nil)

    let request = EditRequest(controlVectors: [.init("none.gguf")], controlVectorBlocks: 0...99)
    var vectors = try #require(try EditPreparation(request, opened))
    #expect(
      throws: EditSessionError.controlVectorBlock(
        last: 99, blockCount: opened.configuration.layerCount)
    ) { try vectors.edit(loaded) }
  }

  @Test func refusesWhatDoesNotFit() throws {
    var settings = Real.settings()
    settings.memoryLimit = 1000
    let error = #expect(throws: MemoryShortage.self) {
      try OpenedModel(settings).load()
    }
    #expect(error?.work == .running && error?.limit == 1000 && error?.available == 1000)
    #expect(throws: MemoryShortage.self) {
      try EditPreparation(
        EditRequest("abc", editor: Real.editor("p0")), OpenedModel(settings))
    }
    settings.memoryLimit = nil
    settings.contextLength = 1 << 20
    #expect(throws: EditSessionError.self) { try OpenedModel(settings).load() }
  }
}
