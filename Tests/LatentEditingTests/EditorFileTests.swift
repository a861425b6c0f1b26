import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

struct EditorFileTests {
  private func editor(_ name: String = "p0") throws -> Editor {
    try Editor(
      path: OutsideFiles.fixture("editor/\(name)/editor.safetensors").path,
      identity: TinyModel.identity(), processor: nil, pool: TinyModel.pool)
  }

  private func read(_ path: String) throws -> Editor {
    try Editor(
      path: path, identity: TinyModel.identity(), processor: nil, pool: TinyModel.pool)
  }

  @Test(arguments: ["p0", "p0-plain-shared", "p4", "p5", "p7"])
  func isReadAsItWasWritten(name: String) throws {
    let editor = try editor(name)
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try editor.write(to: path)
    let copy = try read(path)
    #expect(copy.configuration == editor.configuration)
    for entry in editor.heads.parameters.layout.entries {
      #expect(
        try copy.heads.parameters.values(of: entry.name)
          == editor.heads.parameters.values(of: entry.name))
    }
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    try copy.write(to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
  }

  /// A file of another sort is said to be one, and what an editor is; what has to be fetched or decompressed is
  /// said to be that.
  @Test func otherFilesAreNoEditors() throws {
    let path = TinyModel.temporaryPath("README.md")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("# Read me first\n\nThis is no editor.\n".utf8).write(to: URL(fileURLWithPath: path))
    let needed = "the safetensors file of an editor, as emend train writes it"
    let error = LatentEditingError.wrongFile(path: path, found: .text, needed: needed)
    #expect(throws: error) { try read(path) }
    #expect(
      error.description == "\(path): it seems to be a text file, and needed is \(needed)")
    #expect(throws: LatentEditingError.self) {
      try ControlVector(path: path, width: 4, layerCount: 4)
    }
    try Data("version https://git-lfs.github.com/spec/v1\n".utf8).write(
      to: URL(fileURLWithPath: path))
    #expect(
      throws: LatentEditingError.file(
        .wrongKind(path: path, wanted: .safetensors, found: .lfsPointer))
    ) { try read(path) }
  }

  /// bf16 keeps 8 significant bits: half a unit of the last is up to 2^-8 of a value. int8 has steps
  /// of a 127th of a row's largest value.
  @Test(arguments: [(EditorStorage.bf16, 0x1p-8), (.int8, 0.5 / 127)] as [(EditorStorage, Float)])
  func smallerStorageIsClose(storage: EditorStorage, error: Float) throws {
    let editor = try editor()
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try editor.write(to: path, storage: storage)
    let copy = try read(path)
    for entry in editor.heads.parameters.layout.entries {
      let wanted = try editor.heads.parameters.values(of: entry.name)
      let found = try copy.heads.parameters.values(of: entry.name)
      guard case .matrix(let rows, let columns) = entry.shape else {
        #expect(found == wanted)
        continue
      }
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let largest = wanted[range].map(\.magnitude).max()!
        let difference = zip(wanted[range], found[range]).map { abs($0 - $1) }.max()!
        #expect(difference <= error * largest * 1.0001)
        #expect(storage == .f32 || largest == 0 || found[range] != wanted[range])
      }
    }
  }

  @Test func anotherProcessorIsRefused() throws {
    let identity = try TinyModel.identity()
    let other = ProcessorIdentity(
      width: identity.width, layerCount: identity.layerCount,
      vocabularySize: identity.vocabularySize, digest: String(repeating: "f", count: 64))
    #expect(throws: LatentEditingError.self) {
      try Editor(
        path: OutsideFiles.fixture("editor/p0/editor.safetensors").path, identity: other,
        processor: nil, pool: TinyModel.pool)
    }
  }

  /// The same model in another quantization is the same model.
  @Test func quantizationDoesNotChangeTheIdentity() throws {
    let path = OutsideFiles.fixture("llama/f32.gguf").path
    #expect(try ProcessorIdentity(GGUFFile(path: path)) == TinyModel.identity())
    let other = try ProcessorIdentity(
      GGUFFile(path: OutsideFiles.fixture("llama/q8_0.gguf").path))
    #expect(other != (try TinyModel.identity()))  // which is another model
  }

  /// A truncated file, wherever it ends, is refused.
  @Test func truncationIsRefused() throws {
    let bytes = try Data(
      contentsOf: OutsideFiles.fixture("editor/p5/editor.safetensors"))
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
      try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(throws: LatentEditingError.self, "\(count) bytes") { try read(path) }
    }
  }

  /// Lies of the configuration, by what is put in place of what.
  @Test(arguments: [
    ("\"interface\": \"p0\"", "\"interface\": \"p9\""),
    ("\"interface\": \"p0\"", "\"interface\": \"p4\""),
    ("\"layers\": [0, 1]", "\"layers\": [1, 0]"),
    ("\"layers\": [0, 1]", "\"layers\": [0, 2]"),
    ("\"layers\": [0, 1]", "\"layers\": [    ]"),
    ("\"positions\": \"first\"", "\"positions\": \"fir\"  "),
    ("\"scale\": \"norm\"", "\"scale\": \"nope\""),
    ("\"heads\": \"per-layer\"", "\"heads\": \"rank-0\"   "),
    ("\"heads\": \"per-layer\"", "\"heads\": \"shared\"   "),
    ("\"n_layer\": 3", "\"n_layer\": 0"),
    ("\"n_layer\": 3", "\"n_layer\": 2"),
    ("\"n_head\": 2", "\"n_head\": 5"),
    ("\"kind\": \"gpt2\"", "\"kind\": \"gpt3\""),
    ("\"tokenizer\": \"processor\"", "\"tokenizer\": \"processes\""),
    ("emend.editor", "emend.editof"),
  ])
  func liesAreRefused(truth: String, lie: String) throws {
    let escaped = { (text: String) in Data(text.replacing("\"", with: "\\\"").utf8) }
    var bytes = try Data(contentsOf: OutsideFiles.fixture("editor/p0/editor.safetensors"))
    let place = try #require(bytes.range(of: escaped(truth)) ?? bytes.range(of: Data(truth.utf8)))
    let replacement = bytes.range(of: escaped(truth)) != nil ? escaped(lie) : Data(lie.utf8)
    try #require(replacement.count == place.count)
    bytes.replaceSubrange(place, with: replacement)
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(throws: LatentEditingError.self) { try read(path) }
  }

  /// A number that is none, in any tensor, is refused.
  @Test func notANumberIsRefused() throws {
    var bytes = try Data(contentsOf: OutsideFiles.fixture("editor/p0/editor.safetensors"))
    let end = bytes.count
    bytes.replaceSubrange(end - 4..<end, with: [0, 0, 0xC0, 0x7F])
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(throws: LatentEditingError.self) { try read(path) }
  }
}
