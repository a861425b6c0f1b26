import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Whole conversions, against transformers, the `tokenizers` library and Meta's layout.
struct CheckpointConversionTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  // The weights are the source's to the bit; what differs is the order of f32 sums, 1e-5 of logits
  // of magnitude 10. A wrong permutation, scaling or name gives differences above 1.
  @Test(arguments: ConversionFixture.folders)
  func logitsAreThoseOfTransformers(folder: String) throws {
    let file = try ConversionFixture.convert(
      ConversionFixture.path(folder), ConversionRecipe(type: .f32), in: scratch)
    #expect(try WitnessLogits(folder).largestDifference(to: file) < 2e-3)
  }

  // F16 holds what was F16, and BF16 of these magnitudes, without loss.
  @Test(arguments: ["sharded", "tied", "byte-bpe"])
  func halvesKeepTheLogits(folder: String) throws {
    let file = try ConversionFixture.convert(
      ConversionFixture.path(folder), ConversionRecipe(type: .f16), in: scratch)
    #expect(file.tensors.allSatisfy { $0.format == ($0.shape.count == 1 ? .f32 : .f16) })
    #expect(try WitnessLogits(folder).largestDifference(to: file) < 2e-3)
  }

  @Test(arguments: [BlockFormat.f32, .f16, .q8_0, .q4_0, .q4_1], [1, 2, 4])
  func metaShardsGiveTheSameFile(type: BlockFormat, shards: Int) throws {
    let recipe = ConversionRecipe(type: type)
    let whole = try ConversionFixture.convert(
      ConversionFixture.path("sharded"), recipe, in: scratch)
    let joined = try ConversionFixture.convert(
      ConversionFixture.path("meta-\(shards)"), recipe, in: scratch)
    #expect(joined.tensors.map(\.name) == whole.tensors.map(\.name))
    #expect(joined.tensors.map(\.format) == whole.tensors.map(\.format))
    #expect(joined.tensors.map(\.shape) == whole.tensors.map(\.shape))
    for (one, other) in zip(joined.tensors, whole.tensors) {
      #expect(joined.bytes(of: one).elementsEqual(whole.bytes(of: other)), "\(one.name)")
    }
    func entries(_ file: GGUFFile) -> [String] {
      file.metadata.keys.filter { !$0.hasPrefix("emend.provenance.") }.map {
        "\($0) = \(describe(file.metadata[$0]))"
      }
    }
    #expect(entries(joined) == entries(whole))
  }

  @Test(arguments: [BlockFormat.f32, .q8_0, .q4_0], [Rounding.best, .reference])
  func runsAndThreadsGiveTheSameBytes(type: BlockFormat, rounding: Rounding) throws {
    let recipe = ConversionRecipe(type: type, rounding: rounding)
    var contents: Set<Data> = []
    for threads in [1, 2, 3, 2] {
      let file = try ConversionFixture.convert(
        ConversionFixture.path("sharded"), recipe, in: scratch, threads: threads)
      contents.insert(try Data(contentsOf: URL(fileURLWithPath: file.path)))
    }
    #expect(contents.count == 1)
  }

  @Test(arguments: [BlockFormat.q4_0, .q4_1, .q8_0])
  func referenceRoundingIsTheReference(type: BlockFormat) throws {
    let path = ConversionFixture.path("sharded")
    let plain = try ConversionFixture.convert(path, ConversionRecipe(type: .f32), in: scratch)
    let quantized = try ConversionFixture.convert(
      path, ConversionRecipe(type: type, outputType: type, rounding: .reference), in: scratch)
    for tensor in plain.tensors where tensor.shape.count == 2 {
      let other = try quantized.tensor(named: tensor.name)
      #expect(other.format == type)
      var expected = [UInt8](repeating: 0, count: other.byteCount)
      let values = [Float](
        unsafeUninitializedCapacity: tensor.elementCount
      ) { buffer, count in
        ReferenceBlocks.dequantize(.f32, plain.bytes(of: tensor), into: buffer)
        count = tensor.elementCount
      }
      values.withUnsafeBufferPointer { values in
        expected.withUnsafeMutableBytes { ReferenceBlocks.quantize(type, values, into: $0) }
      }
      #expect(quantized.bytes(of: other).elementsEqual(expected), "\(tensor.name)")
    }
  }

  // MARK: Metadata

  @Test func metadataIsThatOfTheFolder() throws {
    let file = try ConversionFixture.convert(
      ConversionFixture.path("bin"), ConversionRecipe(type: .q4_0, rounding: .reference),
      in: scratch)
    let metadata = file.metadata
    #expect(try metadata.string("general.architecture") == "llama")
    #expect(try metadata.integer("general.file_type") == 2)
    #expect(try metadata.integer("llama.context_length") == 4096)
    #expect(try metadata.integer("llama.attention.head_count_kv") == 1)
    #expect(try metadata.string("llama.rope.scaling.type") == "linear")
    #expect(try metadata.float("llama.rope.scaling.factor") == 4)
    #expect(try metadata.string("emend.provenance.source") == "bin")
    #expect(
      try metadata.string("emend.provenance.recipe") == "type=q4_0 rounding=reference")
    #expect(try metadata.string("emend.provenance.version") == Conversion.version)
    #expect(
      try Processor(file, activations: .int8, pool: ThreadPool(threads: 1)).configuration
        .layerCount == 2)
  }

  /// Where both names are there, transformers 5.23 reads these as: linear, factor 2, theta 10000; the same
  /// with the top theta; and the newer name alone where the older is null.
  @Test(
    arguments: [
      (#"{"rope_type": "linear", "factor": 2.0}"#, nil, 2, 10_000),
      (#"{"rope_type": "linear", "factor": 2.0}"#, 700_000, 2, 700_000),
      ("null", 700_000, nil, 500_000),
    ] as [(String, Double?, Double?, Double)])
  func olderNameOfRotaryScalingWins(
    scaling: String, theta: Double?, factor: Double?, wanted: Double
  ) throws {
    let folder = try scratch.copy("whole")
    let url = URL(fileURLWithPath: folder + "/config.json")
    var json = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    json["rope_parameters"] = ["rope_type": "default", "rope_theta": 500_000.0]
    json["rope_scaling"] = try JSONSerialization.jsonObject(
      with: Data(scaling.utf8), options: .fragmentsAllowed)
    json["rope_theta"] = theta
    try JSONSerialization.data(withJSONObject: json).write(to: url)
    let metadata = try ConversionFixture.convert(
      folder, ConversionRecipe(type: .f16), in: scratch
    ).metadata
    #expect(try metadata.floatIfPresent("llama.rope.freq_base").map(Double.init) == wanted)
    #expect(try metadata.floatIfPresent("llama.rope.scaling.factor").map(Double.init) == factor)
  }

  // llama.cpp's converter, run on the same tokenizer.model, wrote plain.gguf's vocabulary.
  @Test func sentencePieceVocabularyIsLlamaCpps() throws {
    let file = try ConversionFixture.convert(
      ConversionFixture.path("whole"), ConversionRecipe(type: .f16), in: scratch)
    let witness = try GGUFFile(path: OutsideFiles.fixture("tokenizers/plain.gguf").path)
    let count = try witness.metadata.strings("tokenizer.ggml.tokens").count
    let tokens = try file.metadata.strings("tokenizer.ggml.tokens")
    #expect(count == 500 && tokens.count == 504)
    #expect(
      tokens.prefix(count).map(\.bytes)
        == (try witness.metadata.strings("tokenizer.ggml.tokens").map(\.bytes)))
    #expect(tokens.last?.text == "[PAD503]")
    #expect(
      try file.metadata.floats("tokenizer.ggml.scores").prefix(count)
        == witness.metadata.floats("tokenizer.ggml.scores")[...])
    let types = try file.metadata.integers("tokenizer.ggml.token_type")
    #expect(
      types.prefix(count) == (try witness.metadata.integers("tokenizer.ggml.token_type"))[...])
    #expect(types.suffix(4) == [5, 5, 5, 5])
    #expect(try file.metadata.bool("tokenizer.ggml.add_bos_token"))
  }

  /// As gguf-py writes a list of templates; a template in a file of its own comes first.
  @Test func severalChatTemplates() throws {
    let folder = URL(filePath: scratch.path("templates"))
    try FileManager.default.copyItem(
      at: URL(filePath: ConversionFixture.path("byte-bpe")), to: folder)
    let settings = """
      {"bos_token": "<s>", "chat_template": [{"name": "tool use", "template": "tools"},
       {"name": "default", "template": "{{ messages }}"}, {"name": "rag", "template": "documents"}]}
      """
    try Data(settings.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
    func metadata() throws -> GGUFMetadata {
      try ConversionFixture.convert(folder.path, ConversionRecipe(type: .f16), in: scratch).metadata
    }
    let several = try metadata()
    #expect(try several.string("tokenizer.chat_template") == "{{ messages }}")
    #expect(try several.string("tokenizer.chat_template.tool_use") == "tools")
    #expect(try several.string("tokenizer.chat_template.rag") == "documents")
    #expect(
      try several.strings("tokenizer.chat_templates").map(\.lossyText) == ["rag", "tool_use"])
    try Data("{{ bos_token }}\n".utf8).write(to: folder.appending(path: "chat_template.jinja"))
    #expect(try metadata().string("tokenizer.chat_template") == "{{ bos_token }}\n")
  }

  private struct Encoded: Decodable {
    let text: String
    let ids: [Int]
  }

  @Test func byteLevelVocabularyEncodesAsTokenizersDoes() throws {
    let file = try ConversionFixture.convert(
      ConversionFixture.path("byte-bpe"), ConversionRecipe(type: .f16), in: scratch)
    #expect(try file.metadata.string("tokenizer.ggml.model") == "gpt2")
    #expect(try file.metadata.string("tokenizer.ggml.pre") == "smollm")
    #expect(try file.metadata.string("tokenizer.chat_template") == "{{ messages[0]['content'] }}")
    let tokens = try file.metadata.strings("tokenizer.ggml.tokens").map(\.lossyText)
    let types = try file.metadata.integers("tokenizer.ggml.token_type")
    #expect(types[tokens.firstIndex(of: "plain added")!] == 4)
    #expect(types[tokens.firstIndex(of: "<|endoftext|>")!] == 3)
    #expect(
      try file.metadata.integer("tokenizer.ggml.bos_token_id") == tokens.firstIndex(of: "<s>"))
    #expect(
      try file.metadata.integer("tokenizer.ggml.eos_token_id")
        == tokens.firstIndex(of: "<|endoftext|>"))
    let tokenizer = try Tokenizer(file.metadata)
    let golden = try JSONDecoder().decode(
      [Encoded].self,
      from: Data(contentsOf: OutsideFiles.fixture("conversion/byte-bpe.ids.json")))
    #expect(golden.count == 4)
    for encoded in golden {
      #expect(
        tokenizer.encode(encoded.text, addSpecial: false, parseSpecial: true) == encoded.ids)
    }
  }

  // The scores are gone from this form; the ids must come out the same all the same.
  @Test func sentencePieceAsJSONEncodesAsTheLibraryDoes() throws {
    let file = try ConversionFixture.convert(
      ConversionFixture.path("whole"), ConversionRecipe(type: .f16), in: scratch,
      tokenizer: ConversionFixture.path("llama.json"))
    #expect(try file.metadata.string("tokenizer.ggml.model") == "llama")
    let types = try file.metadata.integers("tokenizer.ggml.token_type")
    #expect(types.prefix(4) == [2, 3, 3, 6])
    let tokenizer = try Tokenizer(file.metadata)
    let golden = try JSONDecoder().decode(
      [Encoded].self, from: Data(contentsOf: OutsideFiles.fixture("conversion/llama.ids.json")))
    #expect(golden.count == 4)
    for encoded in golden {
      #expect(
        tokenizer.encode(encoded.text, addSpecial: false, parseSpecial: false) == encoded.ids)
    }
  }

  // Within the window, attention to all and attention to the window are the same.
  @Test func slidingWindowBoundsTheContext() throws {
    let folder = try scratch.copy("whole")
    let url = URL(fileURLWithPath: folder + "/config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    json["architectures"] = ["MistralForCausalLM"]
    json["sliding_window"] = 512
    try JSONSerialization.data(withJSONObject: json).write(to: url)
    let file = try ConversionFixture.convert(folder, ConversionRecipe(type: .f32), in: scratch)
    #expect(try file.metadata.integer("llama.context_length") == 512)
    #expect(try WitnessLogits("whole").largestDifference(to: file) < 2e-3)
  }
}

/// A value with all its elements.
private func describe(_ value: GGUFValue?) -> String {
  guard case .array(let array) = value else { return "\(value.map(\.description) ?? "none")" }
  return array.map { element in
    if case .string(let text) = element { "\(text.bytes)" } else { element.description }
  }.joined(separator: ",")
}
