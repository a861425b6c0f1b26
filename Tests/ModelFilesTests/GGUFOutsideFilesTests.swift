import BlockFormats
import ModelFiles
import TestSupport
import Testing

/// Files that other software made: llama.cpp's vocabularies and a published model. The expected
/// values are what the gguf package of Python (0.17.1) reads from the same files.
struct GGUFOutsideFilesTests {
  private static let vocabularies = "tokenizers/goldens/ggml-vocab-"

  @Test(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the model of tools/fetch-models"))
  func readsAPublishedModel() throws {
    let file = try GGUFFile(path: OutsideFiles.smolLM2!.path)
    #expect(file.version == 3)
    #expect(file.totalBytes == 98_362_432)
    #expect(file.tensors.count == 272)
    #expect(file.metadata.keys.count == 33)
    #expect(file.metadata.keys.first == "general.architecture")
    #expect(file.metadata.keys.last == "general.quantization_version")

    let metadata = file.metadata
    #expect(try metadata.string("general.architecture") == "llama")
    #expect(try metadata.integer("llama.block_count") == 30)
    #expect(try metadata.integer("llama.attention.head_count_kv") == 3)
    #expect(try metadata.float("llama.rope.freq_base") == 100_000)
    #expect(try metadata.float("llama.attention.layer_norm_rms_epsilon") == 1e-5)
    #expect(try metadata.bool("tokenizer.ggml.add_bos_token") == false)
    #expect(
      metadata["tokenizer.ggml.tokens"]?.description
        == #"[string x 49152] "<|endoftext|>", "<|im_start|>", "<|im_end|>", …"#)
    #expect(try metadata.strings("tokenizer.ggml.tokens").last?.text == "ectable")
    #expect(try metadata.strings("tokenizer.ggml.merges").count == 48900)
    let types = try metadata.integers("tokenizer.ggml.token_type", as: Int32.self)
    #expect(types.count == 49152 && types.prefix(4) == [3, 3, 3, 3] && types.last == 1)
    #expect(try metadata.string("tokenizer.chat_template").hasPrefix("{% for message in messages"))

    let embedding = try file.tensor(named: "token_embd.weight")
    #expect(embedding.shape == [576, 49152])
    #expect(embedding.format == .q8_0)
    #expect(embedding.offset == 1_785_664)
    #expect(embedding.byteCount == 30_081_024)
    #expect(file.bytes(of: embedding).prefix(4).elementsEqual([0x32, 0x19, 0xD6, 0x0D]))
    let down = try file.tensor(named: "blk.0.ffn_down.weight")
    #expect(down.shape == [1536, 576])
    #expect(down.format == .q4_1)
    #expect(file.bytes(of: down).prefix(4).elementsEqual([0x55, 0x30, 0xD0, 0xB8]))
    #expect(file.tensors.last?.name == "output_norm.weight")
    #expect(file.tensors.last?.offset == 98_360_128)
  }

  @Test(.enabled(if: OutsideFiles.hasData(vocabularies + "gpt-2.gguf"), "needs EMEND_DATA"))
  func readsTheVocabularyOfGPT2() throws {
    let file = try GGUFFile(path: OutsideFiles.data(Self.vocabularies + "gpt-2.gguf").path)
    #expect(file.tensors.isEmpty)
    #expect(file.metadata.keys.count == 16)
    let tokens = try file.metadata.strings("tokenizer.ggml.tokens")
    #expect(tokens.count == 50257)
    #expect(tokens[0].text == "!" && tokens[50256].text == "<|endoftext|>")
    let merges = try file.metadata.strings("tokenizer.ggml.merges")
    #expect(merges.count == 50000)
    #expect(merges[0].text == "Ġ t" && merges[49999].text == "Ġg azed")
    #expect(try file.metadata.integer("tokenizer.ggml.eos_token_id") == 50256)
  }

  @Test(.enabled(if: OutsideFiles.hasData(vocabularies + "llama-spm.gguf"), "needs EMEND_DATA"))
  func readsTheVocabularyOfLlama() throws {
    let file = try GGUFFile(path: OutsideFiles.data(Self.vocabularies + "llama-spm.gguf").path)
    #expect(file.metadata.keys.count == 22)
    let tokens = try file.metadata.strings("tokenizer.ggml.tokens")
    #expect(tokens.count == 32000)
    #expect(tokens[1].text == "<s>" && tokens[31999].text == "给")
    let scores = try file.metadata.floats("tokenizer.ggml.scores")
    #expect(scores.count == 32000 && scores[0] == 0 && scores[31999] == -31740)
    #expect(try file.metadata.integers("tokenizer.ggml.token_type").prefix(4) == [2, 3, 3, 6])
    #expect(try file.metadata.bool("tokenizer.ggml.add_bos_token"))
  }

  /// A vocabulary of 50,000 pieces opens in a few milliseconds; the bound leaves room for a busy
  /// machine, and is well below what one allocation a piece would take.
  @Test(.enabled(if: OutsideFiles.hasData(vocabularies + "gpt-2.gguf"), "needs EMEND_DATA"))
  func opensALargeVocabularyQuickly() throws {
    let path = OutsideFiles.data(Self.vocabularies + "gpt-2.gguf").path
    let fastest = try (0..<5).map { _ in
      try ContinuousClock().measure { _ = try GGUFFile(path: path) }
    }.min()!
    #expect(fastest < .milliseconds(50))
  }
}
