import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Checkpoints as people have them, of tools/fixtures/make_reader_fixtures.py: shapes, names and tokenizers.
struct ReaderCheckpointTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private static func path(_ name: String) -> String {
    OutsideFiles.fixture("readers/" + name).path
  }

  /// A copy of a fixture's folder, to be changed.
  private func copy(_ name: String) throws -> String {
    let copy = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(atPath: Self.path(name), toPath: copy)
    return copy
  }

  private func write(_ json: Any, _ path: String) throws {
    try JSONSerialization.data(withJSONObject: json, options: .fragmentsAllowed)
      .write(to: URL(fileURLWithPath: path))
  }

  private func change(_ path: String, _ body: (inout [String: Any]) -> Void) throws {
    let url = URL(fileURLWithPath: path)
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    body(&json)
    try write(json, path)
  }

  /// Heads of 100, YaRN and dynamic frequencies, the names of torch.compile and PEFT in shards without their
  /// index, and a dict of parameters: all with the logits of transformers. (The weights are BF16, which F32
  /// holds; what differs is the order of f32 sums.)
  @Test(arguments: ["head-100", "yarn", "dynamic", "wrapped", "parameters"])
  func logitsAreThoseOfTransformers(folder: String) throws {
    let file = try ConversionFixture.convert(
      Self.path(folder), ConversionRecipe(type: .f32), in: scratch)
    let witness = try WitnessLogits(folder, in: "readers")
    #expect(try witness.largestDifference(to: file) < 2e-3)
  }

  /// Keys and values of heads that eight does not divide, in f32 and in halves.
  @Test(arguments: [CacheType.f32, .f16])
  func headsOfAHundred(cache: CacheType) throws {
    let file = try ConversionFixture.convert(
      Self.path("head-100"), ConversionRecipe(type: .f32), in: scratch)
    let witness = try WitnessLogits("head-100", in: "readers")
    let state = try ProcessorState(
      try Processor(file, activations: .f32, pool: ThreadPool(threads: 2)), contextLength: 64,
      cacheType: cache)
    var worst: Float = 0
    try state.forwardAll(witness.tokens) { index, logits in
      for id in 0..<witness.vocabularySize {
        worst = max(worst, abs(logits[id] - witness.values[index * witness.vocabularySize + id]))
      }
    }
    // Halves are 1/4096 of a number off, in logits of deviation 2.
    #expect(worst < 0.01)
  }

  // MARK: What is put around a text

  private struct Surroundings: Decodable {
    var postProcessor: String
    var addBosToken: Bool?
    var text: String
    var ids: [Int]
  }

  /// As transformers reads the folder: the post_processor of tokenizer.json decides.
  @Test func postProcessorDecides() throws {
    let url = OutsideFiles.fixture("readers/surroundings.json")
    for test in try JSONDecoder().decode([Surroundings].self, from: Data(contentsOf: url)) {
      let folder = scratch.path(UUID().uuidString)
      try FileManager.default.copyItem(
        atPath: ConversionFixture.path("byte-bpe"), toPath: folder)
      let processor = try JSONSerialization.jsonObject(
        with: Data(test.postProcessor.utf8), options: .fragmentsAllowed)
      try change(folder + "/tokenizer.json") { $0["post_processor"] = processor }
      try change(folder + "/tokenizer_config.json") { $0["add_bos_token"] = test.addBosToken }
      let file = try ConversionFixture.convert(folder, ConversionRecipe(type: .f16), in: scratch)
      let ids = try Tokenizer(file.metadata).encode(
        test.text, addSpecial: true, parseSpecial: false)
      #expect(ids == test.ids, "\(test.postProcessor) \(String(describing: test.addBosToken))")
    }
  }

  @Test func aPostProcessorOfMoreTokensIsRefused() throws {
    let folder = scratch.path("refused")
    try FileManager.default.copyItem(atPath: ConversionFixture.path("byte-bpe"), toPath: folder)
    let token: [String: Any] = ["SpecialToken": ["id": "<s>", "type_id": 0]]
    let sequence: [String: Any] = ["Sequence": ["id": "A", "type_id": 0]]
    try change(folder + "/tokenizer.json") {
      $0["post_processor"] = [
        "type": "TemplateProcessing", "single": [token, token, sequence], "pair": [],
        "special_tokens": [:],
      ]
    }
    #expect(throws: ConversionError.self) { try Checkpoint.open(folder) }
  }

  // MARK: End tokens

  @Test func everyEndTokenEnds() throws {
    let folder = try copy("yarn")
    try change(folder + "/config.json") { $0["eos_token_id"] = [0, 7] }
    try write(["eos_token_id": [0, 8, 9, 7, 10]], folder + "/generation_config.json")
    let file = try ConversionFixture.convert(folder, ConversionRecipe(type: .f16), in: scratch)
    let ends = try Tokenizer(file.metadata).endOfGenerationTokens
    #expect(ends.isSuperset(of: [0, 7, 8, 9, 10]))
    // The keys that llama.cpp reads have three of them.
    #expect(try file.metadata.integer("tokenizer.ggml.eos_token_id") == 0)
    #expect(try file.metadata.integer("tokenizer.ggml.eot_token_id") == 7)
    #expect(try file.metadata.integer("tokenizer.ggml.eom_token_id") == 8)
    // And again from that file.
    let again = try ConversionFixture.convert(
      file.path, ConversionRecipe(type: .q8_0), in: scratch)
    #expect(try Tokenizer(again.metadata).endOfGenerationTokens == ends)
  }

  // MARK: tiktoken

  private struct Tiktoken: Decodable {
    var strings: [String]
    var ids: [[Int]]
  }

  /// A Meta folder with tiktoken's tokenizer.model, against the tiktoken library; the special tokens follow.
  @Test func tiktokenGivesItsIds() throws {
    let url = OutsideFiles.fixture("readers/tiktoken.json")
    let expected = try JSONDecoder().decode(Tiktoken.self, from: Data(contentsOf: url))
    let vocabulary = try TiktokenFile(path: Self.path("tiktoken.model")).vocabulary(size: nil)
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(tokenizer.vocabularyCount == 700 + 256)
    for (string, ids) in zip(expected.strings, expected.ids) {
      #expect(
        tokenizer.encode(string, addSpecial: false, parseSpecial: false) == ids,
        "\(string.debugDescription)")
    }
    #expect(tokenizer.encode("", addSpecial: true, parseSpecial: false) == [700])
    #expect(tokenizer.token(forPiece: "<|begin_of_text|>") == 700)
    #expect(tokenizer.token(forPiece: "<|eot_id|>") == 709)
    #expect(tokenizer.token(forPiece: "<|reserved_special_token_247|>") == 955)
    #expect(tokenizer.endOfGenerationTokens == [701, 708, 709])
    #expect(
      try TiktokenFile(path: Self.path("tiktoken.model")).vocabulary(size: 700).addsBOS == false)
  }

  @Test(arguments: [
    "IQ==\n", "IQ== 0\nIg== 0\n", "IQ== 0\nIg== 5\n", "IQ== 0\n!! 1\n", "IQ== 0\n= 1\n",
  ])
  func tiktokenLies(text: String) throws {
    let path = scratch.path("tokenizer.model")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: ConversionError.self) {
      try Checkpoint.open(Self.path("yarn"), tokenizer: path)
    }
  }

  /// A tokenizer.json beside a tokenizer.model that is tiktoken's, or none at all, is taken.
  @Test(arguments: ["tiktoken", "stub"])
  func tokenizerJSONBesideABadOne(kind: String) throws {
    let folder = try copy("yarn")
    let model = folder + "/tokenizer.model"
    if kind == "tiktoken" {
      try FileManager.default.copyItem(atPath: Self.path("tiktoken.model"), toPath: model)
    } else {
      try "version https://git-lfs.github.com/spec/v1\n".write(
        toFile: model, atomically: true, encoding: .utf8)
    }
    let plain = try ConversionFixture.convert(
      Self.path("yarn"), ConversionRecipe(type: .f16), in: scratch)
    let file = try ConversionFixture.convert(folder, ConversionRecipe(type: .f16), in: scratch)
    #expect(try Vocabulary(file.metadata).pieces.elementsEqual(Vocabulary(plain.metadata).pieces))
  }

  // MARK: Meta's folders

  /// The factors are those of config.json of the models on Hugging Face.
  @Test(arguments: [
    (2048, 32.0), (3072, 32), (4096, 8), (8192, 8), (16384, 8), (64, 32),
  ])
  func scaledRopeOfMeta(width: Int, factor: Double) {
    #expect(MetaConfiguration.scaledRopeFactor(hiddenSize: width) == factor)
  }

  /// What `use_scaled_rope` means, and what a folder says of it beyond that.
  @Test(
    arguments: [
      ([:], 32, 131_072), (["rope_scaling_factor": 16, "max_seq_len": 4096], 16, 4096),
    ] as [([String: Int], Float, Int)])
  func scaledRopeIsWritten(more: [String: Int], factor: Float, context: Int) throws {
    let folder = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(atPath: ConversionFixture.path("meta-1"), toPath: folder)
    try change(folder + "/params.json") { params in
      params["use_scaled_rope"] = true
      params["rope_theta"] = 500_000.0
      for (key, value) in more { params[key] = value }
    }
    let file = try ConversionFixture.convert(folder, ConversionRecipe(type: .f16), in: scratch)
    #expect(try ProcessorConfiguration(file).contextLength == context)
    let tensor = try file.tensor(named: "rope_freqs.weight")
    let (first, last) = withExtendedLifetime(file) {
      let factors = file.bytes(of: tensor)
      return (
        factors.loadUnaligned(fromByteOffset: 0, as: Float.self),
        factors.loadUnaligned(fromByteOffset: factors.count - 4, as: Float.self)
      )
    }
    #expect(first == 1 && last == factor)
  }

  // MARK: Values and zeros

  /// A value whose scale half precision does not have is refused, whatever the rounding.
  @Test(arguments: [BlockFormat.q4_0, .q4_1, .q8_0], [Rounding.best, .reference])
  func valuesBeyondAFormatAreRefused(format: BlockFormat, rounding: Rounding) throws {
    func result(_ values: [Float]) throws -> QuantizationError? {
      var out = [UInt8](repeating: 0, count: format.byteCount(elements: values.count)!)
      do {
        try values.withUnsafeBytes { source in
          try out.withUnsafeMutableBytes { target in
            try BlockQuantizer(format, rounding: rounding, refusesOverflow: true).quantize(
              source, .f32, columns: 64, into: target, tensor: "t", pool: ThreadPool(threads: 1))
          }
        }
        return nil
      } catch let error as QuantizationError { return error }
    }
    let most: Float =
      switch format {
      case .q4_0: 8 * 65504
      case .q8_0: 127 * 65504
      default: 15 * 65504
      }
    var values = [Float](repeating: 0.5, count: 128)
    for sign: Float in [1, -1] where !(format == .q4_1 && sign < 0) {
      values[70] = sign * most * 0.99
      #expect(try result(values) == nil)
      values[70] = sign * most * 1.01
      #expect(try result(values) == .tooLarge(tensor: "t", format: format))
      values[70] = sign * 3e38
      #expect(try result(values) == .tooLarge(tensor: "t", format: format))
    }
    if format == .q4_1 {
      values[70] = -65600
      #expect(try result(values) == .tooLarge(tensor: "t", format: format))
    }
  }

  /// The end of a download that was stopped is a norm of zeros, or 64 KB of them.
  @Test func zerosAreRefused() throws {
    let folder = try copy("yarn")
    let path = folder + "/model.safetensors"
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var damaged = whole
    // model.norm.weight comes last.
    damaged.resetBytes(in: damaged.count - 64..<damaged.count)
    try damaged.write(to: URL(fileURLWithPath: path))
    #expect(throws: ConversionError.zeros(path: folder, tensor: "output_norm.weight")) {
      try ConversionFixture.convert(folder, ConversionRecipe(type: .f16), in: scratch)
    }
    try whole.write(to: URL(fileURLWithPath: path))
    _ = try ConversionFixture.convert(folder, ConversionRecipe(type: .f16), in: scratch)
  }

  /// A file that is zeros to its end over several tensors, none of which need be a norm, and the last of which may be
  /// small: a shard without norms, scales behind their codes.
  @Test(arguments: [
    ("conversion/sharded", "model-00001-of-00002.safetensors", 0.5),
    ("conversion/sharded", "model-00001-of-00002.safetensors", 0.9),
    ("quantized/ct-fp8", "model.safetensors", 0.9),
    ("quantized/ct-int8-zero", "model.safetensors", 0.9),
  ])
  func zerosOverSeveralTensors(fixture: String, name: String, part: Double) throws {
    let folder = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(
      atPath: OutsideFiles.fixture(fixture).path, toPath: folder)
    let url = URL(fileURLWithPath: folder + "/" + name)
    var damaged = try Data(contentsOf: url)
    damaged.resetBytes(in: Int(Double(damaged.count) * part)..<damaged.count)
    try damaged.write(to: url)
    let tokenizer = fixture.hasPrefix("quantized") ? QuantizedCheckpointTests.tokenizer : nil
    do {
      _ = try ConversionFixture.convert(
        folder, ConversionRecipe(type: .f16), in: scratch, tokenizer: tokenizer)
      Issue.record("it was converted")
    } catch ConversionError.zeros(let path, _) {
      #expect(path.hasPrefix(folder))
    }
  }

  /// A GGUF file whose embedding has other rows than its tokenizer tokens is not passed on.
  @Test func tokensAndRowsAreAsMany() throws {
    let file = try ConversionFixture.convert(
      Self.path("yarn"), ConversionRecipe(type: .f16), in: scratch)
    let path = scratch.path("mismatch.gguf")
    var entries: [(key: String, value: GGUFEntry)] = file.metadata.keys.compactMap { key in
      file.metadata[key].map { (key, .value($0)) }
    }
    entries.removeAll { $0.key == "tokenizer.ggml.tokens" }
    entries.append(("tokenizer.ggml.tokens", .byteStrings([[97], [98]])))
    var writer = try GGUFWriter(
      path: path, metadata: entries,
      tensors: file.tensors.map { .init(name: $0.name, shape: $0.shape, format: $0.format) })
    for tensor in file.tensors {
      let bytes = withExtendedLifetime(file) { Array(file.bytes(of: tensor)) }
      try writer.append(bytes.span.bytes)
    }
    try writer.commit()
    #expect(throws: ConversionError.self) { try Checkpoint.open(path) }
  }

  @Test(arguments: [
    ("_orig_mod.model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.weight"),
    ("base_model.model.model.norm.weight", "model.norm.weight"),
    ("module._orig_mod.lm_head.weight", "lm_head.weight"),
    (
      "model.layers.3._orig_mod.self_attn.q_proj.base_layer.weight",
      "model.layers.3.self_attn.q_proj.weight"
    ),
    ("layers.0.input_layernorm.weight", "model.layers.0.input_layernorm.weight"),
    ("embed_tokens.weight", "model.embed_tokens.weight"),
    (
      "model.layers.0.self_attn.q_proj.lora_A.weight",
      "model.layers.0.self_attn.q_proj.lora_A.weight"
    ),
  ])
  func namesWithoutWrappers(name: String, plain: String) {
    #expect(HuggingFaceNames.plain(name) == plain)
  }
}
