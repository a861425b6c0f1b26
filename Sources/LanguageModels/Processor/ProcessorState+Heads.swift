import TensorKernels

/// The last token of a sequence, as it goes on from the input of a block: what stands before it in that block and those
/// behind is what its sequence has.
package struct LastToken {
  /// The sequence; all of its tokens but the last are read.
  package let state: ProcessorState
  /// The first block that it goes through.
  package let layer: Int
  /// Its state at that block's input, `[hidden]`.
  package let input: [Float]
  /// What one head of that block is made to say, `[headSize]`, in the place of what it says; nil for none.
  package let head: (number: Int, output: [Float])?

  /// The last token of `state` from `input` before block `layer` on.
  package init(
    _ state: ProcessorState, from layer: Int, input: [Float],
    head: (number: Int, output: [Float])? = nil
  ) {
    self.state = state
    self.layer = layer
    self.input = input
    self.head = head
  }
}

extension ProcessorState {
  /// What the heads of block `layer` say at the last token there is, whose state at the block's input is `input`, `[hidden]`:
  ///
  ///     sum_j softmax(q . k_j / sqrt(headSize)) v_j,  `[heads * headSize]`
  ///
  /// before the block's output matrix. Its keys and values are written again and stay what they are.
  package func headOutputs(_ input: [Float], layer: Int) -> [Float] {
    let c = processor.configuration
    precondition(input.count == c.hiddenSize && position > 0)
    restate(input, layer: layer, from: position - 1, wanted: 1)
    return (0..<c.headCount * c.headSize).map { memory.workspace.attended[$0] }
  }
}

extension PassMemory {
  /// Runs last tokens of different sequences that share this memory from their blocks to the end, together, and hands `body`
  /// the logits `[vocabularySize]` of each, in order. `tokens` are ordered by their blocks, and no more than a pass has rows.
  /// Each has, to the bit, the logits that it has alone; where nothing is changed those of the whole pass. Keys and values of
  /// the last tokens become what they are here, from their blocks on. Throws what `body` throws.
  package func runLast<Failure: Error>(
    _ tokens: [LastToken], _ body: (_ token: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let c = processor.configuration
    precondition(
      tokens.count <= chunkSize
        && Set(tokens.map { ObjectIdentifier($0.state) }).count == tokens.count)
    precondition(zip(tokens, tokens.dropFirst()).allSatisfy { $0.layer <= $1.layer })
    precondition(
      tokens.allSatisfy {
        $0.state.memory === self && $0.state.position > 0 && $0.input.count == c.hiddenSize
          && (0..<c.layerCount).contains($0.layer)
          && ($0.head.map { (0..<c.headCount).contains($0.number) && $0.output.count == c.headSize }
            ?? true)
      })
    guard let first = tokens.first else { return }
    var segments: [ForwardPass.Segment] = []
    for layer in first.layer..<c.layerCount {
      // Those that begin here join those that are on their way.
      while segments.count < tokens.count, tokens[segments.count].layer == layer {
        let (row, token) = (segments.count, tokens[segments.count])
        (workspace.residual + row * c.hiddenSize).update(from: token.input, count: c.hiddenSize)
        segments.append(
          token.state.segment(
            rows: 1, from: token.state.position - 1, firstRow: row, wanted: 1, firstWanted: row))
      }
      run(
        segments, layer: layer,
        exchanging: tokens.prefix(segments.count).enumerated().filter { $1.layer == layer })
    }
    try runOutput(rows: tokens.count, body)
  }

  /// One block over `segments`, one row each, of which `exchanged` have a head that says something else.
  private func run(
    _ segments: [ForwardPass.Segment], layer: Int,
    exchanging exchanged: [(offset: Int, element: LastToken)]
  ) {
    let c = processor.configuration
    let block = layers.blocks[layer]
    segments.withUnsafeBufferPointer { segments in
      fillAngles(segments)
      let pass = forwardPass(segments)
      processor.pool.run { worker in
        pass.attend(
          block.projections, norm: block.attentionNorm, bias: block.projectionBias, layer: layer,
          worker, outputBias: block.attentionOutputBias)
        worker.onCaller {
          for (row, token) in exchanged {
            guard let head = token.head else { continue }
            (workspace.attended + (row * c.headCount + head.number) * c.headSize).update(
              from: head.output, count: c.headSize)
          }
        }
        worker.barrier()
        pass.addAttention(block.attentionOutput, worker)
        pass.expand(block.expansion, norm: block.feedForwardNorm, worker)
        pass.addFeedForward(block.down, worker)
      }
    }
  }
}
