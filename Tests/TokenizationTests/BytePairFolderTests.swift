import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// GPT-2's vocabulary from its two files.
@Suite struct BytePairFolderTests {
  /// llama.cpp's strings and ids for GPT-2, by OpenAI's files instead of its own.
  @Test(.enabled(if: OutsideFiles.hasData("tokenizers/gpt2"), "needs EMEND_DATA"))
  func openAIFilesGiveTheIdsOfLlamaCpp() throws {
    let tokenizer = try Tokenizer(
      vocabulary: try Vocabulary(
        bytePairFolder: OutsideFiles.data("tokenizers/gpt2").path))
    #expect(tokenizer.vocabularyCount == 50257)
    #expect(tokenizer.bosToken == 50256 && tokenizer.eosToken == 50256)
    let path = OutsideFiles.data("tokenizers/goldens/ggml-vocab-gpt-2.gguf").path
    let inputs = try String(contentsOfFile: path + ".inp", encoding: .utf8)
      .components(separatedBy: "\n__ggml_vocab_test__\n")
    let outputs = try String(contentsOfFile: path + ".out", encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(inputs.count == 47)
    for (input, line) in zip(inputs, outputs) {
      let expected = line.split(separator: " ").compactMap { Int($0) }
      let ids = tokenizer.encode(input, addSpecial: false, parseSpecial: false)
      #expect(ids == expected, "\(input.debugDescription)")
      #expect(Array(tokenizer.decode(ids).utf8) == Array(input.utf8))
    }
    // Text is no special token unless that is asked for.
    #expect(tokenizer.encode("<|endoftext|>", addSpecial: true, parseSpecial: true) == [50256])
    #expect(tokenizer.encode("<|endoftext|>", addSpecial: true, parseSpecial: false).count > 1)
  }

  /// The same from a tokenizer.json as `tokenizers` writes it, and from vocab.json and merges.txt.
  @Test(.enabled(if: OutsideFiles.hasData("tokenizers/gpt2"), "needs EMEND_DATA"))
  func filesOfTransformers() throws {
    let source = OutsideFiles.data("tokenizers/gpt2")
    let folder = try Folder()
    let vocabulary = try Data(contentsOf: source.appending(path: "encoder.json"))
    let merges = try String(
      contentsOf: source.appending(path: "vocab.bpe"), encoding: .utf8)
    try folder.write("vocab.json", vocabulary)
    // Lines ended in the way of Windows say the same.
    try folder.write("merges.txt", Data(merges.replacing("\n", with: "\r\n").utf8))
    let reference = try Tokenizer(vocabulary: try Vocabulary(bytePairFolder: source.path))
    let text = "Rewrite it: don't  shout — 12,345 naïve cafés\n\n\tdone. 日本語"
    let ids = reference.encode(text, addSpecial: true, parseSpecial: false)
    func check() throws {
      let tokenizer = try Tokenizer(vocabulary: try Vocabulary(bytePairFolder: folder.path))
      #expect(tokenizer.encode(text, addSpecial: true, parseSpecial: false) == ids)
      #expect(tokenizer.eosToken == 50256)
    }
    try check()

    let pairs = merges.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
    let json: [String: Any] = [
      "model": [
        "type": "BPE", "vocab": try JSONSerialization.jsonObject(with: vocabulary),
        "merges": pairs.map { $0.map(String.init) },
      ],
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
      "added_tokens": [["id": 50256, "content": "<|endoftext|>", "special": true]],
    ]
    try folder.write("tokenizer.json", JSONSerialization.data(withJSONObject: json))
    try folder.remove("merges.txt")  // which shows that tokenizer.json goes first
    try check()
  }

  @Test(arguments: [
    (#"{"a": 0, "b": 2}"#, "a b\n"), (#"{"a": 0, "b": 0}"#, "a b\n"), (#"{"a": -1}"#, ""),
    (#"{"a": 0, "b": 99999999999}"#, ""), ("[]", ""), ("", "a b"), (#"{"a": 0"#, ""),
    (#"{"a": 0, "b": "1"}"#, ""),
  ])
  func damagedFiles(vocabulary: String, merges: String) throws {
    let folder = try Folder()
    try folder.write("vocab.json", Data(vocabulary.utf8))
    try folder.write("merges.txt", Data((merges + " ").utf8))
    #expect(throws: TokenizationError.self) {
      _ = try Tokenizer(vocabulary: try Vocabulary(bytePairFolder: folder.path))
    }
  }

  @Test func malformedMerge() throws {
    let folder = try Folder()
    try folder.write("vocab.json", Data(#"{"a": 0, "b": 1, "ab": 2}"#.utf8))
    try folder.write("merges.txt", Data("#version: 0.2\na b\nab\n".utf8))
    #expect(throws: TokenizationError.malformedMerge(index: 1, text: "ab")) {
      _ = try Tokenizer(vocabulary: try Vocabulary(bytePairFolder: folder.path))
    }
  }

  @Test func emptyFolder() throws {
    let folder = try Folder()
    #expect(
      throws: TokenizationError.inFile(
        folder.path,
        .noTokenizer(
          wanted: "tokenizer.json, vocab.json with merges.txt, encoder.json with vocab.bpe"))
    ) { _ = try Vocabulary(bytePairFolder: folder.path) }
  }
}

/// A folder that is removed at the end.
private final class Folder {
  private let url = FileManager.default.temporaryDirectory.appending(
    path: "emend-bpe-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  func write(_ name: String, _ data: Data) throws {
    try data.write(to: url.appending(path: name))
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: name))
  }
}
