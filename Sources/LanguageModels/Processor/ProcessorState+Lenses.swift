import TensorKernels

/// Steps of a block by themselves, for who wants to know what attention reads and what it writes.
extension ProcessorState {
  /// What softmax makes the weights of attention in block `layer` of: q . k / sqrt(headSize), `[rows][heads][position]` over
  /// all positions there are, of the tokens from position `first` on, whose states at the block's input are `states`, `[rows][hidden]`.
  /// A token sees no position behind its own: what stands there of one is no weight.
  ///
  /// The sequence has these tokens already; their keys and values are written again and stay what they are.
  package func attentionScores(_ states: [Float], layer: Int, from first: Int) -> [Float] {
    let c = processor.configuration
    let rows = states.count / c.hiddenSize
    let (size, count) = (c.headSize, position)
    let stride = (c.headCount + 2 * c.kvHeadCount) * size
    let scale = 1 / Float(size).squareRoot()
    let keys = keys(layer: layer)
    var scores = [Float](repeating: 0, count: rows * c.headCount * count)
    for start in Swift.stride(from: 0, to: rows, by: chunkSize) {
      let some = start..<min(start + chunkSize, rows)
      restate(
        Array(states[some.lowerBound * c.hiddenSize..<some.upperBound * c.hiddenSize]),
        layer: layer, from: first + start)
      // The queries lie there still, rotated.
      for row in some {
        for head in 0..<c.headCount {
          let query = memory.workspace.projected + (row - start) * stride + head * size
          for place in 0..<count {
            let key = (head / c.headsPerKVHead * count + place) * size
            var sum: Float = 0
            for i in 0..<size { sum += query[i] * keys[key + i] }
            scores[(row * c.headCount + head) * count + place] = sum * scale
          }
        }
      }
    }
    return scores
  }

  /// The keys of a block, `[kvHeads][position][headSize]`.
  private func keys(layer: Int) -> [Float] {
    let c = processor.configuration
    var keys = [Float](repeating: 0, count: c.kvHeadCount * position * c.headSize)
    var values = [Float](repeating: 0, count: c.headSize)
    keys.withUnsafeMutableBufferPointer { keys in
      values.withUnsafeMutableBufferPointer { values in
        for head in 0..<c.kvHeadCount {
          for place in 0..<position {
            processor.kernels.attention.loadKeyValue(
              cache.type.kind.rawValue, cache.keys(layer: layer, head: head),
              cache.values(layer: layer, head: head), place, c.headSize,
              keys.baseAddress! + (head * position + place) * c.headSize, values.baseAddress!)
          }
        }
      }
    }
    return keys
  }

  /// Wo y, `[hidden]`, of the outputs y `[heads * headSize]` of a block's heads; without a bias.
  package func attentionOutput(_ heads: [Float], layer: Int) -> [Float] {
    let c = processor.configuration
    precondition(heads.count == c.headCount * c.headSize)
    let workspace = memory.workspace
    workspace.attended.update(from: heads, count: heads.count)
    workspace.residual.update(repeating: 0, count: c.hiddenSize)
    let block = memory.layers.blocks[layer]
    withUnsafePointer(to: segment(rows: 1, from: 0, wanted: 1)) { segment in
      let pass = memory.forwardPass(UnsafeBufferPointer(start: segment, count: 1))
      processor.pool.run { worker in pass.addAttention(block.attentionOutput, worker) }
    }
    return (0..<c.hiddenSize).map { workspace.residual[$0] }
  }

  /// W_U (gain * x), `[vocabulary]`: what x, `[hidden]`, adds to the logits, where it is a part of the final state, times
  /// the root of that state's mean square, which the final norm divides by.
  package func outputScores(_ x: [Float]) -> [Float] {
    let c = processor.configuration
    precondition(x.count == c.hiddenSize)
    let (workspace, layers) = (memory.workspace, memory.layers)
    for i in x.indices { workspace.residual[i] = layers.outputNorm[i] * x[i] }
    processor.pool.run { worker in
      layers.output.apply(
        worker, processor.kernels, shared: workspace.shared, own: workspace.thread(worker.index),
        x: workspace.residual, stride: c.hiddenSize, rows: 1, transform: .identity,
        out: workspace.logits, outStride: c.vocabularySize, accumulate: false)
    }
    return (0..<c.vocabularySize).map { workspace.logits[$0] }
  }
}
