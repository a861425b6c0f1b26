import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// llama.cpp's own strings and the ids it gives them (its `test-tokenizer-0`).
@Suite struct GoldenTests {
  @Test(
    .enabled(if: OutsideFiles.hasData("tokenizers/goldens"), "needs EMEND_DATA"),
    arguments: ["llama-spm", "gpt-2"])
  func matchesLlamaCpp(name: String) throws {
    let path = OutsideFiles.data("tokenizers/goldens/ggml-vocab-\(name).gguf").path
    let tokenizer = try Tokenizer(try GGUFFile(path: path).metadata)
    let separator = "\n__ggml_vocab_test__\n"
    let inputs = try String(contentsOfFile: path + ".inp", encoding: .utf8)
      .components(separatedBy: separator)
    let outputs = try String(contentsOfFile: path + ".out", encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(inputs.count == 47)

    for (input, line) in zip(inputs, outputs) {
      let expected = line.split(separator: " ").compactMap { Int($0) }
      let ids = tokenizer.encode(input, addSpecial: false, parseSpecial: false)
      #expect(ids == expected, "\(input.debugDescription)")
      // As bytes: equal strings may differ in normalization.
      #expect(
        Array(tokenizer.decode(ids).utf8) == Array(input.utf8), "\(input.debugDescription)")
    }
  }
}
