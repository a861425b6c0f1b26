import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// `.model` files and GGUF metadata that are broken or not what is supported.
@Suite struct ModelFileLieTests {
  private func load(_ bytes: [UInt8]) throws -> Tokenizer {
    let vocabulary = try bytes.withUnsafeBytes { try Vocabulary(sentencePieceModel: $0) }
    return try Tokenizer(vocabulary: vocabulary)
  }

  private static func model() throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("plain.model"))))
  }

  /// Protobuf merges a message that comes twice, so that what is appended replaces.
  private func expect(
    _ error: TokenizationError, appending bytes: [UInt8],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = try Self.model()
    #expect(throws: error, sourceLocation: sourceLocation) { try load(model + bytes) }
  }

  @Test func truncatedAnywhere() throws {
    let model = try Self.model()
    for length in stride(from: 0, to: model.count, by: 7) {
      // A cut between two pieces is a whole, smaller model of another type.
      #expect(throws: TokenizationError.self) { try load(Array(model[..<length])) }
    }
  }

  @Test func settingsThatAreNotSupported() throws {
    func setting(_ field: String, _ found: String, _ needed: String) -> TokenizationError {
      .unsupportedSetting(field: field, found: found, needed: needed)
    }
    for (type, name) in [(UInt8(1), "UNIGRAM"), (3, "WORD"), (4, "CHAR"), (9, "9")] {
      try expect(
        setting("trainer_spec.model_type", name, "BPE"), appending: [0x12, 2, 0x18, type])
    }
    try expect(
      setting("trainer_spec.treat_whitespace_as_suffix", "true", "false"),
      appending: [0x12, 3, 0xC0, 0x01, 1])
    try expect(
      setting(
        "normalizer_spec.precompiled_charsmap", "3 bytes",
        "an empty one (normalization \"identity\")"),
      appending: [0x1A, 5, 0x12, 3, 0xFF, 0xFF, 0xFF])
    try expect(
      setting("normalizer_spec.escape_whitespaces", "false", "true"), appending: [0x1A, 2, 0x28, 0])
  }

  @Test func brokenFields() throws {
    let end = try Self.model().count
    try expect(
      .malformedModelFile(offset: end, reason: "a field has wire type 3"), appending: [0x0B])
    try expect(
      .malformedModelFile(offset: end, reason: "a field has number 0"), appending: [0x00, 0])
    try expect(
      .malformedModelFile(offset: end, reason: "a number does not end"),
      appending: [UInt8](repeating: 0xFF, count: 20))
    try expect(
      .malformedModelFile(offset: end + 1, reason: "a field has 127 bytes where 1 are left"),
      appending: [0x0A, 127, 0])
    try expect(
      .malformedModelFile(
        offset: end + 1, reason: "a field has \(UInt64.max) bytes where 0 are left"),
      appending: [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1])
    try expect(
      .malformedModelFile(offset: end + 3, reason: "2 bytes are left where 4 are needed"),
      appending: [0x0A, 3, 0x15, 0, 0])
    try expect(.emptyPiece(id: 500), appending: [0x0A, 0])
    try expect(.unknownTokenType(id: 500, found: 7), appending: [0x0A, 2, 0x18, 7])
    try expect(
      .unknownTokenType(id: 500, found: -1),
      appending: [0x0A, 11, 0x18] + [UInt8](repeating: 0xFF, count: 9) + [1])
    try expect(
      .duplicatePiece("<s>", first: 1, second: 500),
      appending: [0x0A, 5, 0x0A, 3] + Array("<s>".utf8))
  }

  @Test func filesThatCannotBeRead() {
    #expect(throws: TokenizationError.file(.noSuchFile(path: "/nowhere/tokenizer.model"))) {
      try Tokenizer(sentencePieceModel: "/nowhere/tokenizer.model")
    }
    #expect(throws: TokenizationError.file(.isFolder(path: "/"))) {
      try Tokenizer(sentencePieceModel: "/")
    }
    // The error names the file.
    let path = Fixtures.path("chat.json")
    let error = #expect(throws: TokenizationError.self) { try Tokenizer(sentencePieceModel: path) }
    #expect(error?.description.hasPrefix("\(path): not a SentencePiece model: ") == true)
  }
}
