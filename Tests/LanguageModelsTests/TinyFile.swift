import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport

/// The smallest LLaMA there is, as a file in memory whose every part can be changed: hidden 32, two
/// query heads and one kv head of 16, feed-forward 32, one block, five tokens, untied.
struct TinyFile {
  static let path = "tiny.gguf"

  var metadata: [(String, GGUFBuilder.Value)] = [
    ("general.architecture", .string("llama")),
    ("llama.context_length", .u32(128)),
    ("llama.embedding_length", .u32(32)),
    ("llama.feed_forward_length", .u32(32)),
    ("llama.block_count", .u32(1)),
    ("llama.attention.head_count", .u32(2)),
    ("llama.attention.head_count_kv", .u32(1)),
    ("llama.attention.layer_norm_rms_epsilon", .f32(1e-5)),
  ]

  /// Name, shape, ggml's type and bytes.
  var tensors: [(name: String, shape: [Int], type: UInt32, data: [UInt8])] = []

  init() {
    var random = SplitMix64(seed: 81)
    for (name, shape) in TinyFile.shapes {
      tensors.append((name, shape, 0, []))
      let count = shape.reduce(1, *)
      setFloats(name, (0..<count).map { _ in .random(in: -0.2...0.2, using: &random) })
    }
  }

  static let shapes: [(String, [Int])] = [
    ("token_embd.weight", [32, 5]), ("output_norm.weight", [32]), ("output.weight", [32, 5]),
    ("blk.0.attn_norm.weight", [32]), ("blk.0.attn_q.weight", [32, 32]),
    ("blk.0.attn_k.weight", [32, 16]), ("blk.0.attn_v.weight", [32, 16]),
    ("blk.0.attn_output.weight", [32, 32]), ("blk.0.ffn_norm.weight", [32]),
    ("blk.0.ffn_gate.weight", [32, 32]), ("blk.0.ffn_up.weight", [32, 32]),
    ("blk.0.ffn_down.weight", [32, 32]),
  ]

  mutating func set(_ key: String, _ value: GGUFBuilder.Value?) {
    metadata.removeAll { $0.0 == key }
    if let value { metadata.append((key, value)) }
  }

  mutating func setFloats(_ name: String, _ values: [Float], shape: [Int]? = nil) {
    let data = values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    setData(name, type: 0, shape: shape, data)
  }

  mutating func setData(_ name: String, type: UInt32, shape: [Int]? = nil, _ data: [UInt8]) {
    guard let i = tensors.firstIndex(where: { $0.name == name }) else {
      tensors.append((name, shape!, type, data))
      return
    }
    tensors[i] = (name, shape ?? tensors[i].shape, type, data)
  }

  func open() throws -> GGUFFile {
    let bytes = GGUFBuilder.file(
      metadata: metadata,
      tensors: tensors.map {
        .init($0.name, $0.shape.map(UInt64.init), type: $0.type, data: $0.data)
      })
    return try GGUFFile(path: TinyFile.path) { path throws(ModelFileError) in
      let guarded = GuardedBytes(bytes)
      return try MappedFile(path: path, contents: guarded.bytes) { _ = guarded }
    }
  }

  func processor(_ activations: ActivationPrecision = .int8) throws -> Processor {
    try Processor(try open(), activations: activations, pool: Pools.one)
  }

  /// What loading a changed file throws.
  static func error(_ change: (inout TinyFile) -> Void) -> LanguageModelError? {
    var file = TinyFile()
    change(&file)
    do {
      _ = try file.processor()
      return nil
    } catch {
      return error as? LanguageModelError
    }
  }
}
