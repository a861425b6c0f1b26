/// What a block adds to the outputs of its attention's linear layers, where the model has such biases (LLaMA's
/// `attention_bias`; queries, keys and values alone in Qwen2's manner). They are frozen, and have no gradient.
final class AttentionBiases: @unchecked Sendable {
  // Unchecked only because of the pointers: what is behind them never changes.

  /// Queries, keys and values, one after the other, `[A + 2 KV]`.
  let projections: UnsafePointer<Float>
  /// `[hidden]`, or nil where the output has none.
  let output: UnsafePointer<Float>?

  init(projections: [Float], output: [Float]?) {
    func copy(_ values: [Float]) -> UnsafePointer<Float> {
      let pointer = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
      pointer.initialize(from: values, count: values.count)
      return UnsafePointer(pointer)
    }
    self.projections = copy(projections)
    self.output = output.map(copy)
  }

  deinit {
    projections.deallocate()
    output?.deallocate()
  }
}

/// out += bias, `count` elements.
@inline(__always) func addBias(
  _ bias: UnsafePointer<Float>, _ count: Int, to out: UnsafeMutablePointer<Float>
) {
  for index in 0..<count { out[index] += bias[index] }
}
