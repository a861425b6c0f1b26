import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

struct CompiledEditCacheTests {
  private static let editor = OutsideFiles.fixture("editor/p0/editor.safetensors").path

  private func cache(
    _ folder: String, model: String = "f32", editor: String = editor,
    _ instruction: String = "Be brief.",
    strength: Float = 1, layers: [Int]? = nil, firstToken: Int = 1,
    activations: ActivationPrecision = .f32, cacheType: CacheType = .f32
  ) throws -> CompiledEditCache {
    try CompiledEditCache(
      folder: folder,
      model: GGUFFile(path: OutsideFiles.fixture("llama/\(model).gguf").path),
      requests: [.init(editor: editor, instruction: instruction, strength: strength)],
      layers: layers.map(LayerSelection.init), firstToken: firstToken, activations: activations,
      cacheType: cacheType)
  }

  /// What was compiled once is found again, and is the same.
  @Test func keepsWhatWasCompiled() throws {
    let parent = try TemporaryFolder()
    defer { withExtendedLifetime(parent) {} }
    let folder = try parent.file("edits/inner")
    let processor = try TinyModel.processor()
    let first = try cache(folder)
    #expect(try first.edit(shape: processor.configuration) == nil)
    let compiled = try first.compile(TinyModel.edit(), on: processor, label: "Be brief.")
    #expect(try cache(folder).edit(shape: processor.configuration) == compiled)
    #expect(try cache(folder, strength: 2).edit(shape: processor.configuration) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)

    // A file under this name that is something else, or damaged, is no edit and no miss.
    try Data("nothing".utf8).write(to: URL(filePath: first.path))
    #expect(throws: LatentEditingError.self) {
      try cache(folder).edit(shape: processor.configuration)
    }
    let other = try cache(folder, firstToken: 2)
    _ = try other.compile(TinyModel.edit(), on: processor, label: "")
    try FileManager.default.removeItem(atPath: first.path)
    try FileManager.default.moveItem(atPath: other.path, toPath: first.path)
    #expect(throws: LatentEditingError.self) {
      try cache(folder).edit(shape: processor.configuration)
    }
  }

  /// Everything that the edit comes from has a part in its name, and nothing else: not the name of the
  /// editor's file, nor the order of what is added up.
  @Test func nameIsOfTheContent() throws {
    let copy = TinyModel.temporaryPath("editor.safetensors")
    let changed = TinyModel.temporaryPath("editor.safetensors")
    defer {
      for path in [copy, changed] { try? FileManager.default.removeItem(atPath: path) }
    }
    var bytes = try Data(contentsOf: URL(filePath: Self.editor))
    try bytes.write(to: URL(filePath: copy))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: changed))

    let name = try cache("a").path
    #expect(name.hasPrefix("a/") && name.hasSuffix(".safetensors"))
    #expect(try cache("a", editor: copy).path == name)
    let others = try [
      cache("a", editor: changed), cache("a", model: "q8_0"), cache("a", "Be Brief."),
      cache("a", strength: -1), cache("a", layers: [0]), cache("a", firstToken: 2),
      cache("a", activations: .int8), cache("a", cacheType: .f16),
    ].map(\.path)
    #expect(Set(others + [name]).count == others.count + 1)

    func both(_ instructions: [String]) throws -> String {
      try CompiledEditCache(
        folder: "a", model: TinyModel.file(),
        requests: instructions.map { .init(editor: copy, instruction: $0, strength: 1) },
        layers: nil, firstToken: 1, activations: .f32, cacheType: .f32
      ).path
    }
    #expect(try both(["Be brief.", "Be kind."]) == both(["Be kind.", "Be brief."]))
  }

  @Test func refusesWhatItCannotKeep() throws {
    let processor = try TinyModel.processor()
    #expect(throws: LatentEditingError.self) { try cache("a", editor: "/nothing") }
    #expect(throws: LatentEditingError.cacheFolder(path: Self.editor + "/inner")) {
      try cache(Self.editor + "/inner").compile(TinyModel.edit(), on: processor, label: "")
    }
    let everywhere = try TinyModel.edit(positions: [.fromStart(0), .fromEnd(0)])
    #expect(throws: LatentEditingError.self) {
      try cache("a").compile(everywhere, on: processor, label: "")
    }
    #expect(!FileManager.default.fileExists(atPath: "a"))
  }
}
