import TensorKernels

extension ProcessorState {
  /// Appends `tokens` as the processor reads them through `adapters`, or by itself where that is nil: what stays
  /// are their keys and values. No logits are made. `states` are those at the input of every block, `[layers][tokens][hidden]`, where
  /// they are asked for.
  ///
  /// With adapters that change nothing this is `forward`, to the bit. Throws `noTokens`, `contextFull`,
  /// `tokenOutOfRange` and `memory`.
  package func read(
    _ tokens: [Int], through adapters: LowRankAdapters?, states: inout [Float]?
  ) throws(LanguageModelError) {
    try check(tokens)
    let blocks = try adapters.map { adapters throws(LanguageModelError) in
      try AdaptedBlocks(adapters, of: processor, rows: min(chunkSize, tokens.count))
    }
    let reader = states.map { _ in
      StateRecorder(
        layers: processor.configuration.layerCount, tokens: tokens.count,
        width: processor.configuration.hiddenSize, start: position)
    }
    for first in stride(from: 0, to: tokens.count, by: chunkSize) {
      let chunk = tokens[first..<min(first + chunkSize, tokens.count)]
      // Of the last block nothing but keys and values is wanted.
      let part = PassPart(state: self, tokens: chunk, wanted: 0, visitor: reader)
      if let failure = memory.runBlocks([part], through: blocks)[0] { throw failure }
    }
    if let reader { states = reader.states }
  }

  /// Writes the keys and values that block `layer` makes of `states`, `[count][hidden]`, to the positions
  /// from `first` on, which are there already. Of the last `wanted` of each chunk the workspace has what the heads say.
  package func restate(_ states: [Float], layer: Int, from first: Int, wanted: Int = 0) {
    let c = processor.configuration
    let count = states.count / c.hiddenSize
    precondition(states.count == count * c.hiddenSize && first >= 0 && first + count <= position)
    for start in stride(from: 0, to: count, by: chunkSize) {
      let rows = min(chunkSize, count - start)
      let residual = memory.workspace.residual
      states.withUnsafeBufferPointer {
        residual.update(from: $0.baseAddress! + start * c.hiddenSize, count: rows * c.hiddenSize)
      }
      let block = memory.layers.blocks[layer]
      withUnsafePointer(to: segment(rows: rows, from: first + start, wanted: wanted)) { segment in
        let segments = UnsafeBufferPointer(start: segment, count: 1)
        memory.fillAngles(segments)
        let pass = memory.forwardPass(segments)
        processor.pool.run { worker in
          pass.attend(
            block.projections, norm: block.attentionNorm, bias: block.projectionBias, layer: layer,
            worker)
        }
      }
    }
  }

  /// Bytes that `read` takes beside a state, and the recorded states.
  package static func readingBytes(
    _ adapters: AdapterConfiguration, of processor: ProcessorConfiguration, tokens: Int,
    threads: Int, recordsStates: Bool
  ) -> Int {
    AdaptedBlocks.byteCount(
      adapters, of: processor, rows: min(tokens, defaultChunkSize), threads: threads)
      + (recordsStates ? tokens * processor.layerCount * processor.hiddenSize * 4 : 0)
  }
}

/// Copies the states at the input of every block.
private final class StateRecorder: ResidualStreamVisitor {
  private(set) var states: [Float]  // [layers][tokens][width]
  private let layers: Int
  private let tokens: Int
  private let start: Int

  init(layers: Int, tokens: Int, width: Int, start: Int) {
    self.layers = layers
    self.tokens = tokens
    self.start = start
    states = [Float](repeating: 0, count: layers * tokens * width)
  }

  func visits(point: Int) -> Bool { point < layers }

  func visit(_ rows: ResidualRows) {
    for row in 0..<rows.count {
      let place = (rows.point * tokens + rows.firstPosition - start + row) * rows.width
      rows.withRow(row) { span in
        for i in 0..<rows.width { states[place + i] = span[i] }
      }
    }
  }
}
