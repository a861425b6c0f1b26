import BlockFormats
import Foundation
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Folders that lie: each is one clear error, and nothing is written.
struct BadCheckpointTests {
  let scratch: ScratchFolder
  let folder: String

  init() throws {
    scratch = try ScratchFolder()
    folder = try scratch.copy("whole")
  }

  /// What converting the folder at `path` throws.
  private func failure(
    _ path: String? = nil, tokenizer: String? = nil
  ) throws -> ConversionError? {
    let before = try scratch.names
    do {
      _ = try ConversionFixture.convert(
        path ?? folder, ConversionRecipe(type: .q8_0), in: scratch, tokenizer: tokenizer)
      return nil
    } catch let error as ConversionError {
      #expect(try scratch.names == before)
      #expect(!"\(error)".contains("\n"))
      return error
    }
  }

  private func setConfiguration(_ field: String, _ value: Any?) throws {
    let url = URL(fileURLWithPath: folder + "/config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    json[field] = value
    try JSONSerialization.data(withJSONObject: json).write(to: url)
  }

  private func editWeights(_ change: (inout SafetensorsEdit) -> Void) throws {
    var weights = try SafetensorsEdit(folder: folder)
    change(&weights)
    try weights.write(folder: folder)
  }

  // The helpers themselves damage nothing.
  @Test func copyRewrittenWithoutChangesConverts() throws {
    try editWeights { _ in }
    try setConfiguration("unknown_key", 1)
    #expect(try failure() == nil)
  }

  // MARK: Tensors

  @Test func missingTensor() throws {
    try editWeights { $0.tensors.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" } }
    #expect(
      try failure()
        == .file(.missingTensor(path: folder, tensor: "model.layers.1.mlp.up_proj.weight")))
  }

  @Test func wrongShape() throws {
    let name = "model.layers.0.mlp.down_proj.weight"
    try editWeights { $0.change(name) { $0.shape = [48, 32] } }
    #expect(
      try failure()
        == .wrongShape(
          path: folder + "/model.safetensors", tensor: name, found: [48, 32], wanted: [32, 48]))
  }

  @Test func duplicateTensor() throws {
    try editWeights { $0.tensors.append($0.tensors[0]) }
    guard case .file(.duplicateTensor) = try failure() else {
      Issue.record("\(String(describing: try failure()))")
      return
    }
  }

  @Test func unknownTensor() throws {
    let name = "model.layers.0.self_attn.q_proj.bias"
    try editWeights {
      $0.tensors.append(.init(name: name, type: "F32", shape: [1], data: [0, 0, 0, 0]))
    }
    #expect(
      try failure() == .unknownTensor(path: folder + "/model.safetensors", tensor: name))
  }

  @Test(arguments: ["I32", "U32"])
  func elementsThatAreNoWeights(type: String) throws {
    try editWeights { $0.change("model.norm.weight") { $0.type = type } }
    #expect(
      try failure()
        == .file(
          .unsupportedElements(
            path: folder + "/model.safetensors", tensor: "model.norm.weight", type: type)))
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func valuesThatAreNotFinite(value: Float) throws {
    try editWeights {
      $0.change("model.layers.0.self_attn.q_proj.weight") { tensor in
        // Row 1, column 3: the second half's first row in Hugging Face's order is row 4.
        withUnsafeBytes(of: value.bitPattern.littleEndian) {
          tensor.data.replaceSubrange((4 * 32 + 3) * 4..<(4 * 32 + 4) * 4, with: $0)
        }
      }
    }
    #expect(
      try failure()
        == .quantization(.notFinite(tensor: "blk.0.attn_q.weight", row: 1, column: 3)))
  }

  // MARK: Configuration

  @Test(arguments: [
    ("hidden_size", -32), ("num_hidden_layers", 0), ("num_hidden_layers", Int.max),
    ("intermediate_size", -1), ("num_attention_heads", 0), ("num_attention_heads", 5),
    ("num_key_value_heads", 3), ("num_key_value_heads", -4), ("vocab_size", 0),
    ("vocab_size", Int.max), ("max_position_embeddings", 0), ("head_dim", 7),
  ])
  func sizesThatCannotBe(field: String, value: Int) throws {
    try setConfiguration(field, value)
    guard case .unusableValue(let path, _, _, _) = try failure() else {
      Issue.record("\(field) = \(value): \(String(describing: try failure()))")
      return
    }
    #expect(path == folder + "/config.json")
  }

  @Test(arguments: ["hidden_size", "num_attention_heads", "vocab_size", "architectures"])
  func fieldsThatAreMissing(field: String) throws {
    try setConfiguration(field, nil)
    #expect(try failure() == .missingValue(path: folder + "/config.json", field: field))
  }

  @Test(arguments: [
    ("mlp_bias", "true"), ("hidden_act", "\"gelu\""),
    ("rope_parameters", #"{"rope_type": "longrope", "rope_theta": 10000, "factor": 4}"#),
    (
      "rope_parameters",
      #"{"rope_type": "yarn", "rope_theta": 10000, "factor": 4, "truncate": false}"#
    ),
    ("partial_rotary_factor", "0.5"),
  ])
  func whatTheProcessorDoesNotCompute(field: String, json: String) throws {
    let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
    try setConfiguration(field, value)
    guard case .unsupportedFeature = try failure() else {
      Issue.record("\(field): \(String(describing: try failure()))")
      return
    }
  }

  @Test func biasesThatAreNotThere() throws {
    try setConfiguration("attention_bias", true)
    let name = "model.layers.0.self_attn.q_proj.bias"
    #expect(try failure() == .file(.missingTensor(path: folder, tensor: name)))
  }

  @Test func otherArchitectures() throws {
    try setConfiguration("architectures", ["Qwen2MoeForCausalLM"])
    #expect(
      try failure()
        == .unsupportedArchitecture(path: folder + "/config.json", found: "Qwen2MoeForCausalLM"))
  }

  @Test(arguments: ["", "{", "[]", "null", #"{"hidden_size": "32"}"#, "\u{0}\u{1}"])
  func configurationsThatCannotBeRead(text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/config.json"))
    switch try failure() {
    case .file(.unexpectedJSON), .file(.emptyFile): break
    case let other: Issue.record("\(text): \(String(describing: other))")
    }
  }

  // MARK: Tokenizer

  @Test func missingTokenizer() throws {
    try FileManager.default.removeItem(atPath: folder + "/tokenizer.model")
    #expect(
      try failure()
        == .missingTokenizer(path: folder, wanted: "tokenizer.model or tokenizer.json"))
    // The remedy it names.
    #expect(try failure(tokenizer: ConversionFixture.path("whole/tokenizer.model")) == nil)
  }

  @Test func tokenizerOfAnotherModel() throws {
    let small = try scratch.copy("byte-bpe")
    #expect(
      try failure(small, tokenizer: folder + "/tokenizer.model")
        == .tooManyTokens(path: folder + "/tokenizer.model", found: 500, vocabularySize: 302))
  }

  @Test(arguments: [
    #""pre_tokenizer": {"type": "Whitespace"}"#,
    #""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}"#,
    #""pre_tokenizer": {"type": "ByteLevel"}, "normalizer": {"type": "Lowercase"}"#,
    #""pre_tokenizer": {"type": "ByteLevel"}, "added_tokens": [{"id": 1, "content": "b", "lstrip": true}]"#,
    #""pre_tokenizer": {"type": "ByteLevel"}, "added_tokens": [{"id": 1, "content": "b", "rstrip": true}]"#,
    #""pre_tokenizer": {"type": "ByteLevel"}, "added_tokens": [{"id": 1, "content": "b", "single_word": true}]"#,
    #""pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": "#
      + #"{"Regex": "\\p{L}+"}, "behavior": "Isolated"}, {"type": "ByteLevel", "use_regex": false}]}"#,
  ])
  func tokenizersThatAreNotKnown(fields: String) throws {
    let path = scratch.path("tokenizer.json")
    let json =
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}, "# + fields + "}"
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    guard case .tokenizer(.inFile(path, .unsupportedTokenizer)) = try failure(tokenizer: path)
    else {
      Issue.record("\(String(describing: try failure(tokenizer: path)))")
      return
    }
  }

  @Test(arguments: [
    #"{"model": {"type": "BPE", "vocab": {"a": 99999999999}}, "pre_tokenizer": {"type": "ByteLevel"}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": -1}}, "pre_tokenizer": {"type": "ByteLevel"}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": [{"id": -4, "content": "x"}]}"#,
    #"{"model": {"vocab": {"a": 16000000}}, "pre_tokenizer": {"type": "ByteLevel"}}"#,
    "{", "",
  ])
  func tokenizersThatAreDamaged(json: String) throws {
    let path = scratch.path("tokenizer.json")
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    #expect(try failure(tokenizer: path) != nil)
  }

  // MARK: Meta's folder

  @Test func missingShard() throws {
    let meta = try scratch.copy("meta-4")
    try FileManager.default.removeItem(atPath: meta + "/consolidated.03.pth")
    // Three shards do not make 500 rows: the sizes contradict each other.
    #expect(try failure(meta) != nil)
  }

  @Test func shardOfAnotherModel() throws {
    let meta = try scratch.copy("meta-2")
    try FileManager.default.removeItem(atPath: meta + "/consolidated.01.pth")
    try FileManager.default.copyItem(
      atPath: ConversionFixture.path("meta-4/consolidated.01.pth"),
      toPath: meta + "/consolidated.01.pth")
    guard case .wrongShape(let path, _, _, _) = try failure(meta) else {
      Issue.record("\(String(describing: try failure(meta)))")
      return
    }
    #expect(path == meta + "/consolidated.01.pth")
  }

  @Test func parametersThatLie() throws {
    let meta = try scratch.copy("meta-1")
    for text in [
      #"{"dim": -64, "n_heads": 8, "n_layers": 1}"#, #"{"dim": 64, "n_heads": 7, "n_layers": 1}"#,
      #"{"dim": 64, "n_heads": 8, "n_kv_heads": 3, "n_layers": 1}"#,
      #"{"dim": 64, "n_heads": 8, "n_kv_heads": 4, "n_layers": 2}"#,
      #"{"dim": 64, "n_heads": 8, "n_kv_heads": 4, "n_layers": 1, "vocab_size": 7}"#,
      #"{"n_heads": 8, "n_layers": 1}"#, #"{"dim": 64, "n_heads": 0, "n_layers": 1}"#,
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: meta + "/params.json"))
      #expect(try failure(meta) != nil, "\(text)")
    }
  }

  // MARK: Not a checkpoint

  @Test func foldersAndFilesOfOtherKinds() throws {
    guard case .notACheckpoint = try failure(scratch.url.path) else {
      Issue.record("a folder without configuration")
      return
    }
    guard case .notACheckpoint = try failure(folder + "/model.safetensors") else {
      Issue.record("a file of the folder")
      return
    }
    #expect(
      try failure(scratch.path("nothing")) == .file(.noSuchFile(path: scratch.path("nothing"))))
  }
}
