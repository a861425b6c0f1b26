import ArgumentParser
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport

/// Opens damaged editors and adapters for the small model they were made for, and has editors read an
/// instruction.
///
/// The corpus has the model (.gguf) and editors and adapters of it (anything else). Changes fall on the
/// header, on the configuration in its metadata, on a tokenizer of the editor's own, and on numbers.
struct EditorTarget: FuzzTarget {
  static let name = "editor"

  private let corpus: [Good]
  private let mutator: SafetensorsMutator
  private let identity: ProcessorIdentity
  private let processor: Processor
  private let state: ProcessorState

  /// A file of the corpus, and where in it what deserves changes lies.
  private struct Good {
    let bytes: [UInt8]
    /// The tensor of a tokenizer.
    let tokenizer: Range<Int>
    /// The values of the configuration.
    let values: [Range<Int>]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      let first = bytes.firstRange(of: Array("{\"version\":\"1.0\"".utf8))
      tokenizer = (first?.lowerBound ?? bytes.count)..<bytes.count
      let key = bytes.firstRange(of: Array("\"configuration\"".utf8))
      let start = key?.upperBound ?? bytes.count
      let end = bytes[start...].firstRange(of: Array("}\"".utf8))?.lowerBound ?? start
      values = (start..<end).filter { bytes[$0] == UInt8(ascii: ":") }.map { colon in
        let value = bytes[(colon + 1)..<end].prefix {
          $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}")
        }
        return value.indices
      }
    }
  }

  init(corpus files: [CorpusFile]) throws {
    guard let model = files.first(where: { $0.name.hasSuffix(".gguf") }) else {
      throw ValidationError("the corpus needs the model that the editors were made for, a .gguf")
    }
    let file = try GGUFFile(path: model.name)
    identity = try ProcessorIdentity(file)
    processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 1))
    state = try ProcessorState(processor, contextLength: 16, cacheType: .f32)
    let others = files.filter { !$0.name.hasSuffix(".gguf") }.map(\.bytes)
    corpus = others.map(Good.init)
    mutator = SafetensorsMutator(corpus: others, words: Self.words)
  }

  /// What configurations are made of.
  private static let words = [
    "\\\"own\\\"", "\\\"processor\\\"", "\\\"gpt2\\\"", "p0", "p1", "p2", "p4", "p5", "p7",
    "shared", "per-layer", "rank-3", "rank-4096", "f1+l2", "f64", "ghost", "all", "norm", "plain",
    "[0, 1]",
    "1048576", "16777216", "99999", "1e30", "\\\"vocab_size\\\": 1", "\"tokenizer.json\":",
    "\"U8\"", "\"I8\"", ".scale",
  ]
  /// What a tokenizer.json is made of.
  private static let tokenizerWords = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "false", "0", "9", "99999999", "-1",
    "\\u0000", "\\ud800", "\"BPE\"", "\"a\"", "[[[[[[[[[[[[[[[[", "\u{120}", "\u{E9}",
  ]

  func input(_ random: inout SplitMix64) -> [UInt8] {
    let good = corpus.randomElement(using: &random)!
    var bytes = good.bytes
    if !good.tokenizer.isEmpty, Int.random(in: 0..<4, using: &random) > 0 {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        overwrite(&bytes, good.tokenizer, &random)
      }
      // Alone, so that it is read.
      if Bool.random(using: &random) { return bytes }
    }
    if Int.random(in: 0..<4, using: &random) > 0 {
      replaceValue(&bytes, good.values, &random)
      if Bool.random(using: &random) { return bytes }
    }
    for _ in 0..<Int.random(in: 1...2, using: &random) { mutator.mutate(&bytes, &random) }
    return bytes
  }

  /// Leaves everything else where it is.
  private func overwrite(
    _ bytes: inout [UInt8], _ range: Range<Int>, _ random: inout SplitMix64
  ) {
    // The beginning and the end have the form, and the middle the pieces.
    let place =
      Bool.random(using: &random)
      ? Int.random(in: range, using: &random)
      : min(range.lowerBound + Int.random(in: 0..<600, using: &random), range.upperBound - 1)
    let word = Self.tokenizerWords.randomElement(using: &random)!.utf8
    for (offset, byte) in word.enumerated() where place + offset < range.upperBound {
      bytes[place + offset] = byte
    }
  }

  /// Changes a value of the configuration, and the header's length with it.
  private func replaceValue(
    _ bytes: inout [UInt8], _ values: [Range<Int>], _ random: inout SplitMix64
  ) {
    guard let value = values.randomElement(using: &random) else { return }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let word = Self.words.randomElement(using: &random)!
    let choices = ["0", "1", "2", "3", "4", "8", "16", "64", "100", "-1", "null", "{}", "[]", word]
    let replacement = Array(choices.randomElement(using: &random)!.utf8)
    bytes.replaceSubrange(value, with: replacement)
    bytes.put(length &+ UInt64(replacement.count) &- UInt64(value.count), at: 0)
  }

  func run(_ input: [UInt8]) -> String {
    do throws(LatentEditingError) {
      let guarded = GuardedBytes(input)
      let file: SafetensorsFile
      do {
        file = try SafetensorsFile(
          MappedFile(path: "editor", contents: guarded.bytes) { _ = guarded })
      } catch { throw .file(error) }
      guard file.metadata["format"] != "emend.adapters" else {
        _ = try LowRankAdapters(file, identity: identity, processor: processor)
        return "accepted as adapters"
      }
      let editor = try Editor(
        file, identity: identity, processor: processor, pool: processor.pool)
      let own = editor.ownTokenizer
      let ids = own?.tokens(of: "Answer  in 日本語, please: 123 <|endoftext|>\n") ?? [1, 2, 3]
      let edit = try editor.edit(
        ids.isEmpty ? own!.empty : ids, prompt: [5, 6, 7, 8], on: state)
      precondition(edit.sites.allSatisfy { $0.latent.allSatisfy(\.isFinite) })
      return own == nil ? "accepted and read" : "accepted and read with its tokenizer"
    } catch {
      precondition(
        !error.description.unicodeScalars.contains { $0.value < 32 }, "control character")
      return Mirror(reflecting: error).children.first?.label ?? "\(error)"
    }
  }
}
