import KernelInterface
import TensorKernels

/// The forward passes of a GPT-2 over batches of at most so many rows. Used by one thread at a time.
public final class GPT2State {
  /// The model.
  public let model: GPT2
  /// Tokens of a batch, all sequences together, at most.
  public let rowCapacity: Int
  /// Sequences of a batch at most.
  public let sequenceCapacity: Int
  /// Whether what a backward pass needs is kept for every block.
  public let keepsActivations: Bool
  /// Low-rank changes to the model, which is frozen where there are any.
  public let adapters: GPT2Adapters?
  /// Bytes in memory, without the weights.
  public let byteCount: Int
  /// What was read last.
  public private(set) var batch: TokenBatch?

  /// The pass that read it.
  private(set) var pass: GPT2ForwardPass?

  let workspace: GPT2Workspace
  let blocks: [GPT2ForwardPass.Block]
  private let cache: KeyValueCache
  private let layout: BatchLayout

  /// Memory for batches of that size. Throws `memory`.
  public init(
    _ model: GPT2, rowCapacity: Int, sequenceCapacity: Int, keepsActivations: Bool = false,
    adapters: GPT2Adapters? = nil
  ) throws(LanguageModelError) {
    precondition(rowCapacity >= 1 && sequenceCapacity >= 1)
    self.model = model
    self.rowCapacity = rowCapacity
    self.sequenceCapacity = min(sequenceCapacity, rowCapacity)
    self.keepsActivations = keepsActivations
    self.adapters = adapters
    let c = model.configuration
    let cacheType = CacheType.f32
    let cacheRows = BatchLayout.cacheCapacity(
      rows: rowCapacity, sequences: self.sequenceCapacity)
    do {
      workspace = try GPT2Workspace(
        c, rows: rowCapacity, threads: model.pool.threadCount, keepsBlocks: keepsActivations,
        adapterRank: adapters?.configuration.rank ?? 0)
      cache = try KeyValueCache(
        type: cacheType, layers: 1, kvHeads: c.headCount, headSize: c.headSize,
        capacity: cacheRows)
      layout = try BatchLayout(
        rows: rowCapacity, sequences: self.sequenceCapacity,
        queriesPerTile: GPT2State.queryTile)
    } catch { throw .memory(error) }
    byteCount =
      workspace.byteCount + layout.byteCount
      + KeyValueCache.byteCount(
        type: cacheType, layers: 1, kvHeads: c.headCount, headSize: c.headSize,
        capacity: cacheRows)!
    blocks = (0..<c.blockCount).map { model.block($0, adapters) }
  }

  /// The bytes of a state that reads one sequence of `rows` tokens and keeps no activations, before it is made.
  package static func byteCount(_ c: GPT2Configuration, rows: Int, threads: Int) -> Int {
    GPT2Workspace.byteCount(c, rows: rows, threads: threads)
      + BatchLayout.byteCount(rows: rows, sequences: 1, queriesPerTile: queryTile)
      + (KeyValueCache.byteCount(
        type: .f32, layers: 1, kvHeads: c.headCount, headSize: c.headSize,
        capacity: BatchLayout.cacheCapacity(rows: rows, sequences: 1)) ?? 0)
  }

  /// Queries that the kernels take together.
  private static let queryTile = 8

  /// Reads a batch; the states of all its rows after every block are there until the next one.
  ///
  /// A sequence's states do not depend on what else is in the batch, nor on the number of threads.
  /// `addition` may add to the states between blocks. Throws `noTokens`, `sequenceTooLong`,
  /// `tokenOutOfRange` or `batchTooLarge`.
  public func forward(
    _ batch: TokenBatch, adding addition: (any BackboneAddition)? = nil
  ) throws(LanguageModelError) {
    let c = model.configuration
    try batch.check(contextLength: c.contextLength, vocabularySize: c.vocabularySize)
    guard batch.rowCount <= rowCapacity, batch.sequenceCount <= sequenceCapacity else {
      throw .batchTooLarge(
        rows: batch.rowCount, sequences: batch.sequenceCount, mostRows: rowCapacity,
        mostSequences: sequenceCapacity)
    }
    let pass = prepare(batch)
    let parameters = model.parameters
    let tokenTable = parameters.floats(of: GPT2Parameter.tokenEmbedding).baseAddress!
    let positionTable = parameters.floats(of: GPT2Parameter.positionEmbedding).baseAddress!
    let finalNorm = model.norm(GPT2Parameter.finalNorm)
    model.pool.run { worker in pass.embed(tokenTable, positionTable, worker) }
    self.batch = batch
    self.pass = pass
    var first = 0
    while first < c.blockCount {
      // As far as the next block after which something is added, threads and all.
      let end =
        (first..<c.blockCount).first { addition?.adds(after: $0 + 1) == true } ?? c.blockCount - 1
      model.pool.run { worker in
        for index in first...end { pass.run(blocks[index], index: index, worker) }
      }
      first = end + 1
      if let addition, addition.adds(after: first) {
        addition.add(
          after: first,
          to: UnsafeMutableBufferPointer(
            start: workspace.state(first), count: batch.rowCount * c.width), of: batch)
      }
    }
    model.pool.run { worker in pass.normalize(finalNorm, worker) }
  }

  /// The states of all rows after `block` blocks, `[rows][width]`: the embeddings at 0, and at the
  /// number of blocks under the final norm, as `hidden_states` of transformers has them. A batch must
  /// have been read.
  public func withStates<Result, Failure: Error>(
    after block: Int, _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let batch else { preconditionFailure("no batch was read") }
    precondition((0...model.configuration.blockCount).contains(block), "no block \(block)")
    let start =
      block == model.configuration.blockCount ? workspace.finalState : workspace.state(block)
    let values = UnsafeBufferPointer(
      start: start, count: batch.rowCount * model.configuration.width)
    defer { withExtendedLifetime(self) {} }
    return try body(values.span)
  }

  /// Lays a batch out for the threads.
  private func prepare(_ batch: TokenBatch) -> GPT2ForwardPass {
    layout.set(batch)
    return GPT2ForwardPass(
      configuration: model.configuration, kernels: model.kernels, workspace: workspace,
      cache: cache, batch: layout.view)
  }
}
