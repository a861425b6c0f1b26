import LanguageModels

/// One tensor a LLaMA has, with its names in the three worlds.
struct LlamaTensor: Sendable {
  /// How a tensor is cut into Meta's model-parallel shards.
  enum Cut: Sendable {
    /// Every shard has all of it.
    case replicated
    case rows
    case columns
    /// The embedding: by columns up to LLaMA 2, by rows since.
    case rowsOrColumns
  }

  let gguf: String
  let huggingFace: String
  let meta: String
  /// (rows, columns) of a matrix, or the length of a vector.
  let shape: [Int]
  let cut: Cut
  /// Whether rows belong to heads that are rotated, which Hugging Face orders by halves and GGUF and
  /// Meta by pairs.
  var isRotated = false
}

/// Names of tensors in transformers' checkpoints.
package enum HuggingFaceNames {
  /// A tensor's name without what wrappers put into it: `torch.compile`, data parallelism,
  /// PEFT; and with the "model." that a model without its output lacks.
  package static func plain(_ name: String) -> String {
    let wrappers: Set<Substring> = [
      "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "base_layer",
    ]
    var words = name.split(separator: ".", omittingEmptySubsequences: false).filter {
      !wrappers.contains($0)
    }
    while true {
      if words.count > 1, words[0] == "module" {
        words.removeFirst()
      } else if words.count > 2, words[0] == "base_model", words[1] == "model" {
        words.removeFirst(2)
      } else {
        break
      }
    }
    if let first = words.first, ["embed_tokens", "layers", "norm"].contains(first) {
      words.insert("model", at: 0)
    }
    return words.joined(separator: ".")
  }
}

extension LlamaBlueprint {
  /// What is added to the outputs of attention's linear layers where config.json has `attention_bias`; in Qwen2 to those
  /// of queries, keys and values alone.
  func attentionBiases(withOutput: Bool) -> [(
    gguf: String, huggingFace: String, count: Int, isRotated: Bool
  )] {
    tensors.filter {
      $0.gguf.contains(".attn_") && $0.shape.count == 2
        && (withOutput || !$0.gguf.contains(".attn_output."))
    }.map { linear in
      func biased(_ name: String) -> String { name.dropLast("weight".count) + "bias" }
      return (
        biased(linear.gguf), biased(linear.huggingFace), linear.shape[0], linear.isRotated
      )
    }
  }

  /// The numbers of heads from the order of halves to that of pairs.
  func inPairs(_ values: [Float]) -> [Float] {
    RotaryOrder.halves.paired(values, headSize: headSize, rotatedSize: headSize)
  }

  /// A block's tensors by their names in GGUF: what transformers calls them, and whether their rows belong to heads that
  /// are rotated.
  private static let blockTensors: [String: (huggingFace: String, isRotated: Bool)] = [
    "attn_norm": ("input_layernorm", false),
    "attn_q": ("self_attn.q_proj", true),
    "attn_k": ("self_attn.k_proj", true),
    "attn_v": ("self_attn.v_proj", false),
    "attn_output": ("self_attn.o_proj", false),
    "ffn_norm": ("post_attention_layernorm", false),
    "ffn_gate": ("mlp.gate_proj", false),
    "ffn_up": ("mlp.up_proj", false),
    "ffn_down": ("mlp.down_proj", false),
  ]

  /// What transformers calls the weight that GGUF calls `name`, as "blk.3.attn_q.weight"; nil of what is in no block.
  static func blockTensor(_ name: String) -> (huggingFace: String, isRotated: Bool)? {
    let words = name.split(separator: ".")
    guard words.count == 4, words[0] == "blk", words[3] == "weight",
      let tensor = blockTensors[String(words[2])]
    else { return nil }
    return ("model.layers.\(words[1]).\(tensor.huggingFace).weight", tensor.isRotated)
  }

  /// All tensors, in the order they are written.
  var tensors: [LlamaTensor] {
    let (hidden, wide) = (hiddenSize, intermediateSize)
    let (queries, keys) = (headCount * headSize, kvHeadCount * headSize)
    var all = [
      LlamaTensor(
        gguf: "token_embd.weight", huggingFace: "model.embed_tokens.weight",
        meta: "tok_embeddings.weight", shape: [vocabularySize, hidden], cut: .rowsOrColumns)
    ]
    for layer in 0..<layerCount {
      func add(
        _ gguf: String, _ meta: String, _ shape: [Int], _ cut: LlamaTensor.Cut
      ) {
        let name = "blk.\(layer).\(gguf).weight"
        guard let tensor = Self.blockTensor(name) else { preconditionFailure("\(gguf)") }
        all.append(
          LlamaTensor(
            gguf: name, huggingFace: tensor.huggingFace,
            meta: "layers.\(layer).\(meta).weight", shape: shape, cut: cut,
            isRotated: tensor.isRotated))
      }
      add("attn_norm", "attention_norm", [hidden], .replicated)
      add("attn_q", "attention.wq", [queries, hidden], .rows)
      add("attn_k", "attention.wk", [keys, hidden], .rows)
      add("attn_v", "attention.wv", [keys, hidden], .rows)
      add("attn_output", "attention.wo", [hidden, queries], .columns)
      add("ffn_norm", "ffn_norm", [hidden], .replicated)
      add("ffn_gate", "feed_forward.w1", [wide, hidden], .rows)
      add("ffn_up", "feed_forward.w3", [wide, hidden], .rows)
      add("ffn_down", "feed_forward.w2", [hidden, wide], .columns)
    }
    all.append(
      LlamaTensor(
        gguf: "output_norm.weight", huggingFace: "model.norm.weight", meta: "norm.weight",
        shape: [hidden], cut: .replicated))
    if !isOutputTied {
      all.append(
        LlamaTensor(
          gguf: "output.weight", huggingFace: "lm_head.weight", meta: "output.weight",
          shape: [vocabularySize, hidden], cut: .rows))
    }
    return all
  }
}
