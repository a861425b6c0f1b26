import TensorKernels

/// A LLaMA as an editor's backbone: a processor's weights, as they are in their blocks, by f32
/// activations, which is exactly the dequantized model. The weights are not copied, so that an editor
/// taken from the processor that it edits costs no weights of its own but its adapters.
public final class ProcessorBackbone: EditorBackbone {
  /// The model.
  public let processor: Processor
  /// Blocks that are run; the final norm is applied after the last of them.
  public let blockCount: Int
  /// Low-rank changes to its linear layers.
  public let adapters: LowRankAdapters?

  /// The first `depth` blocks, all where it is not given. Throws `depthOutOfRange`.
  public init(
    _ processor: Processor, depth: Int? = nil, adapters: LowRankAdapters? = nil
  ) throws(LanguageModelError) {
    let most = processor.configuration.layerCount
    guard (1...most).contains(depth ?? most) else {
      throw .depthOutOfRange(requested: depth ?? most, most: most)
    }
    self.processor = processor
    self.adapters = adapters
    blockCount = depth ?? most
  }

  /// As above with new adapters, where `shape` is given, whose A come from `seed`, and are zero where that is nil, to be
  /// set. Throws `memory` too.
  public convenience init(
    _ processor: Processor, depth: Int, newAdapters shape: AdapterConfiguration?, seed: UInt64?,
    pool: ThreadPool
  ) throws(LanguageModelError) {
    var adapters: LowRankAdapters?
    if let shape {
      adapters = try LowRankAdapters(
        shape, of: processor.configuration, seed: seed, pool: pool)
    }
    try self.init(processor, depth: depth, adapters: adapters)
  }

  /// Width of the hidden states.
  public var width: Int { processor.configuration.hiddenSize }
  /// Tokens in the vocabulary.
  public var vocabularySize: Int { processor.configuration.vocabularySize }
  /// Longest sequence.
  public var contextLength: Int { processor.configuration.contextLength }

  /// As the protocol has it; the memory of the pass is given back.
  public func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int],
    adding addition: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates {
    try check(batch, blocks, rows)
    var options = ProcessorTape.Options()
    options.activations = .f32
    options.depth = blockCount
    options.hasLogits = false
    let tape = try ProcessorTape(
      processor, rowCapacity: batch.rowCount, sequenceCapacity: batch.sequenceCount,
      options: options, adapters: adapters)
    let reader = StateReader(
      processor, batch, depth: blockCount, after: blocks, at: rows, adding: addition)
    try tape.forward(batch, edit: reader)
    return reader.states
  }
}
