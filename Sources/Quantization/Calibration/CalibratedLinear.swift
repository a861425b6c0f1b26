import LanguageModels

/// A linear layer of a checkpoint and its size.
struct CalibratedLinear: Equatable {
  let name: String
  let rows: Int
  let columns: Int
}

extension ProcessorConfiguration {
  /// The linears of a block, those that read the same input together, in the order of the
  /// computation.
  func linears(_ layer: Int) -> [[CalibratedLinear]] {
    func linear(_ tensor: String, _ rows: Int, _ columns: Int) -> CalibratedLinear {
      .init(name: "blk.\(layer).\(tensor).weight", rows: rows, columns: columns)
    }
    let (queries, keys) = (headCount * headSize, kvHeadCount * headSize)
    return [
      [
        linear("attn_q", queries, hiddenSize), linear("attn_k", keys, hiddenSize),
        linear("attn_v", keys, hiddenSize),
      ],
      [linear("attn_output", hiddenSize, queries)],
      [
        linear("ffn_gate", intermediateSize, hiddenSize),
        linear("ffn_up", intermediateSize, hiddenSize),
      ],
      [linear("ffn_down", hiddenSize, intermediateSize)],
    ]
  }
}
