import Foundation
import TestSupport

/// A LLaMA of two blocks with random weights and a vocabulary of bytes, and control vectors for it: what a
/// server needs to answer, in 200 kB.
struct TinyModel {
  static let width = 64
  static let layers = 2
  static let vocabulary = 3 + 256
  static let context = 128

  let folder: TemporaryFolder
  let path: String
  let vector: String
  let wrongVector: String

  /// A model that was trained for contexts of that length, as its file says.
  init(context: Int = context) throws {
    folder = try TemporaryFolder()
    path = try folder.file("tiny.gguf")
    vector = try folder.file("pirate.gguf")
    wrongVector = try folder.file("wide.gguf")
    try Data(Self.model(context)).write(to: URL(fileURLWithPath: path))
    try Data(Self.vector(width: Self.width, seed: 5)).write(to: URL(fileURLWithPath: vector))
    try Data(Self.vector(width: 32, seed: 6)).write(to: URL(fileURLWithPath: wrongVector))
  }

  private static func floats(_ count: Int, _ scale: Float, _ random: inout SplitMix64) -> [UInt8] {
    (0..<count).flatMap { _ in
      let bits = Float.random(in: -scale...scale, using: &random).bitPattern
      return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }
  }

  private static func ones(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { _ in [0, 0, 0x80, 0x3F] as [UInt8] }
  }

  private static func model(_ context: Int) -> [UInt8] {
    var random = SplitMix64(seed: 7)
    let pieces =
      ["<unk>", "<s>", "</s>"]
      + (0..<256).map { byte in
        "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased() + ">"
      }
    let metadata: [(String, GGUFBuilder.Value)] = [
      ("general.architecture", .string("llama")),
      ("llama.context_length", .u32(UInt32(context))),
      ("llama.embedding_length", .u32(UInt32(width))),
      ("llama.feed_forward_length", .u32(128)), ("llama.block_count", .u32(UInt32(layers))),
      ("llama.attention.head_count", .u32(4)), ("llama.attention.head_count_kv", .u32(2)),
      ("llama.attention.layer_norm_rms_epsilon", .f32(1e-5)),
      ("tokenizer.ggml.model", .string("llama")), ("tokenizer.ggml.tokens", .strings(pieces)),
      ("tokenizer.ggml.scores", .f32s(pieces.map { _ in 0 })),
      ("tokenizer.ggml.token_type", .i32s([2, 3, 3] + (0..<256).map { _ in 6 })),
      ("tokenizer.ggml.bos_token_id", .u32(1)), ("tokenizer.ggml.eos_token_id", .u32(2)),
      ("tokenizer.ggml.unknown_token_id", .u32(0)),
      ("tokenizer.ggml.add_bos_token", .bool(true)),
      ("tokenizer.ggml.add_space_prefix", .bool(false)),
    ]
    func matrix(_ name: String, _ columns: Int, _ rows: Int, _ scale: Float = 0.3)
      -> GGUFBuilder.Tensor
    {
      .init(
        name, [UInt64(columns), UInt64(rows)], data: floats(columns * rows, scale, &random))
    }
    var tensors = [
      matrix("token_embd.weight", width, vocabulary, 1),
      .init("output_norm.weight", [UInt64(width)], data: ones(width)),
      matrix("output.weight", width, vocabulary, 0.5),
    ]
    for layer in 0..<layers {
      let name = "blk.\(layer)."
      tensors += [
        .init(name + "attn_norm.weight", [UInt64(width)], data: ones(width)),
        .init(name + "ffn_norm.weight", [UInt64(width)], data: ones(width)),
        matrix(name + "attn_q.weight", width, width), matrix(name + "attn_k.weight", width, 32),
        matrix(name + "attn_v.weight", width, 32),
        matrix(name + "attn_output.weight", width, width),
        matrix(name + "ffn_gate.weight", width, 128), matrix(name + "ffn_up.weight", width, 128),
        matrix(name + "ffn_down.weight", 128, width),
      ]
    }
    return GGUFBuilder.file(metadata: metadata, tensors: tensors)
  }

  private static func vector(width: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return GGUFBuilder.file(
      metadata: [
        ("general.architecture", .string("controlvector")),
        ("controlvector.model_hint", .string("llama")),
      ],
      tensors: [.init("direction.1", [UInt64(width)], data: floats(width, 2, &random))])
  }
}
