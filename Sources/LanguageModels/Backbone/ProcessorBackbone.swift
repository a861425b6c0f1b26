import TensorKernels

/// A LLaMA as an editor's backbone: a processor's weights, as they are in their blocks, by f32
/// activations, which is exactly the dequantized model. The weights are not copied, so that an editor
/// taken from the processor that it edits costs no weights at all.
public final class ProcessorBackbone: EditorBackbone {
  /// The model.
  public let processor: Processor
  /// Blocks that are run; the final norm is applied after the last of them.
  public let blockCount: Int

  /// The first `depth` blocks, all where it is not given. Throws `depthOutOfRange`.
  public init(_ processor: Processor, depth: Int? = nil) throws(LanguageModelError) {
    let most = processor.configuration.layerCount
    guard (1...most).contains(depth ?? most) else {
      throw .depthOutOfRange(requested: depth ?? most, most: most)
    }
    self.processor = processor
    blockCount = depth ?? most
  }

  /// Width of the hidden states.
  public var width: Int { processor.configuration.hiddenSize }
  /// Tokens in the vocabulary.
  public var vocabularySize: Int { processor.configuration.vocabularySize }
  /// Longest sequence.
  public var contextLength: Int { processor.configuration.contextLength }

  /// As the protocol has it; the memory of the pass is given back.
  public func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int]
  ) throws(LanguageModelError) -> HiddenStates {
    try check(batch, blocks, rows)
    let longest = (0..<batch.sequenceCount).map { batch.rows(of: $0).count }.max() ?? 1
    let state = try ProcessorState(
      processor, contextLength: longest, cacheType: .f32, activations: .f32)
    let reader = StateReader(
      HiddenStates(blocks: blocks, rows: rows, width: width), blockCount: blockCount,
      finalNorm: processor.weights.outputNorm,
      epsilon: processor.configuration.rmsNormEpsilon, kernels: processor.kernels)
    state.visitor = reader
    for sequence in 0..<batch.sequenceCount {
      reader.firstRow = batch.boundaries[sequence]
      state.truncate(to: 0)
      try state.forwardBlocks(
        Array(batch.tokens[batch.rows(of: sequence)]), depth: blockCount)
    }
    return reader.states
  }
}
