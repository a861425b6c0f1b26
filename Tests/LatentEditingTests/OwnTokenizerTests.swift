import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// An editor with a tokenizer of its own, which PyTorch wrote (tools/fixtures/make_editor_fixtures.py).
@Suite struct OwnTokenizerTests {
  private struct Known: Decodable {
    let text: String
    let ids: [Int]
  }

  private static let path = OutsideFiles.fixture("editor/own/editor.safetensors").path

  private static func known() throws -> [Known] {
    try JSONDecoder().decode(
      [Known].self, from: Data(contentsOf: OutsideFiles.fixture("editor/own/ids.json")))
  }

  private static func read(_ path: String) throws -> Editor {
    try Editor(
      path: path, identity: TinyModel.identity(), processor: nil, pool: TinyModel.pool)
  }

  /// The ids of the `tokenizers` library, by the file and by the files beside its backbone.
  @Test func idsAreThoseOfTokenizers() throws {
    let own = try #require(try Editor.ownTokenizer(path: Self.path))
    #expect(own.isOwn && own.vocabularyCount == 340)
    let folder = OutsideFiles.fixture("editor/own/backbone").path
    let beside = try InstructionTokenizer(
      own: Vocabulary(bytePairFolder: folder),
      for: GPT2(huggingFaceFolder: folder, pool: TinyModel.pool).configuration, path: folder)
    let known = try Self.known()
    #expect(known.count == 6)
    for known in known {
      #expect(own.tokens(of: known.text) == known.ids, "\(known.text)")
      #expect(beside.tokens(of: known.text) == known.ids, "\(known.text)")
    }
    // <|endoftext|>, which no text becomes.
    #expect(own.tokens(of: "") == [])
    #expect(own.empty == [0] && beside.empty == [0])
  }

  /// The bounds are those of EditorReferenceTests.
  @Test func matchesPyTorch() throws {
    let ids = try TinyModel.tokens().ids
    let processor = try TinyModel.processor()
    let editor = try Self.read(Self.path)
    let own = try #require(try Editor.ownTokenizer(path: Self.path))
    let edit = try editor.edit(own.tokens(of: Self.known()[0].text))
    try expectReference("own", edit, processor, ids)
  }

  /// The tokenizer is stored byte for byte, whatever matrices are stored in.
  @Test(arguments: EditorStorage.allCases)
  func isWrittenAsItWasRead(storage: EditorStorage) throws {
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let editor = try Self.read(Self.path)
    try editor.write(to: path, storage: storage)
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    let copy = try Self.read(path)
    #expect(copy.configuration == editor.configuration)
    #expect(
      try Editor.ownTokenizer(path: path)?.digest == Editor.ownTokenizer(path: Self.path)?.digest)
    if storage == .f32 {
      try copy.write(to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
    }
  }

  /// Every lie of the header or the tokenizer, by what is put in place of what, has one error that names
  /// the file.
  @Test(arguments: [
    ("\\\"tokenizer\\\": \\\"own\\\"", "\\\"tokenizer\\\": \\\"processor\\\"", "needed is own"),
    ("\"tokenizer.json\":{", "\"tokenizer.jsom\":{", "own without a tensor tokenizer.json"),
    ("\"dtype\":\"U8\"", "\"dtype\":\"I8\"", "needed is U8"),
    ("\\\"vocab_size\\\": 343", "\\\"vocab_size\\\": 339", "has 340 tokens"),
    ("\"vocab\":{", "\"vocab\":[", "tokenizer.json"),
    ("\"merges\":[", "\"mergee\":{", "tokenizer.json"),
    ("\"type\":\"BPE\"", "\"type\":\"WPE\"", "only BPE"),
    ("\"byte_fallback\":false", "\"byte_fallback\":true ", "byte-level"),
    ("\"ByteLevel\"", "\"ByteLevex\"", "pre-tokenizer"),
    ("\"continuing_subword_prefix\":null", "\"continuing_subword_prefix\":\"##\"", "_prefix"),
    ("\"end_of_word_suffix\":null", "\"end_of_word_suffix\":\"_w\"", "end_of_word_suffix"),
    ("\"ignore_merges\":false", "\"ignore_merges\":true ", "ignore_merges"),
    ("\"dropout\":null", "\"dropout\":0.50", "dropout"),
    ("\"<|endoftext|>\":0", "\"<|endoftext|>\":9", "both have the id 9"),
  ])
  func liesAreRefused(truth: String, lie: String, message: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: Self.path))
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let place = try #require(bytes.range(of: Data(truth.utf8)))
    bytes.replaceSubrange(place, with: Data(lie.utf8))
    if place.lowerBound < 8 + length {
      let changed = UInt64(length + lie.utf8.count - truth.utf8.count)
      bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: changed.littleEndian) { Data($0) })
    }
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try bytes.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: LatentEditingError.self) { try Self.read(path) }
    let text = error?.description ?? ""
    #expect(text.contains(path) && text.contains(message), "\(text)")
  }

  /// What a file calls itself may hold commands for a terminal.
  @Test func messagesHoldNoControlCharacters() throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: Self.path))
    let place = try #require(bytes.range(of: Data("emend.editor".utf8)))
    bytes.replaceSubrange(place, with: Data("emend\\u001bedi".utf8))
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try bytes.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: LatentEditingError.self) { try Self.read(path) }
    let text = error?.description ?? ""
    #expect(text.contains("edi") && !text.unicodeScalars.contains { $0.value < 32 }, "\(text)")
  }

  /// SentencePiece is the processor's; GPT-2 has byte-level BPE.
  @Test func sentencePieceIsRefused() throws {
    let vocabulary = try Vocabulary(
      sentencePieceModel: OutsideFiles.fixture("conversion/whole/tokenizer.model").path)
    let configuration = try GPT2Configuration(
      width: 16, blockCount: 1, headCount: 1, vocabularySize: 1 << 16, source: "test")
    let error = #expect(throws: LatentEditingError.self) {
      try InstructionTokenizer(own: vocabulary, for: configuration, path: "there")
    }
    #expect(error?.description.contains("byte-level BPE") == true)
  }
}
