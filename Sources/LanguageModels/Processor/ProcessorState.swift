import TensorKernels

/// One sequence in a processor: its KV cache and the scratch of its forward passes. Used by one
/// thread at a time.
public final class ProcessorState {
  /// The frozen model.
  public let processor: Processor
  /// Tokens that fit.
  public let contextLength: Int
  /// Tokens of a prompt that go through the model together.
  public let chunkSize: Int
  /// How keys and values are stored.
  public var cacheType: CacheType { cache.type }
  /// Tokens in the cache: the next one gets this position.
  public internal(set) var position = 0
  /// Bytes of the cache and the workspace.
  public let byteCount: Int

  let cache: KeyValueCache
  let workspace: ProcessorWorkspace
  let layers: ProcessorLayers

  /// Bytes that a state takes, before it is made.
  public struct MemoryPlan: Sendable, Equatable {
    /// The packed weights, shared by all states of a processor.
    public let weights: Int
    /// Keys and values of a full context.
    public let cache: Int
    /// Scratch of a forward pass.
    public let workspace: Int
    /// All of it.
    public var total: Int { weights + cache + workspace }
  }

  /// What a state of that context would take. Throws `contextTooLong` when the number does not fit.
  public static func plan(
    _ processor: Processor, contextLength: Int, cacheType: CacheType = .f16,
    chunkSize: Int = ProcessorState.defaultChunkSize, activations: ActivationPrecision? = nil
  ) throws(LanguageModelError) -> MemoryPlan {
    let c = processor.configuration
    guard (1...maximumContext).contains(contextLength),
      let cache = KeyValueCache.byteCount(
        type: cacheType, layers: c.layerCount, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: contextLength)
    else { throw .contextTooLong(requested: contextLength, most: maximumContext) }
    return MemoryPlan(
      weights: processor.weightBytes, cache: cache,
      workspace: ProcessorWorkspace.byteCount(
        c, contextLength: contextLength, rows: min(chunkSize, contextLength),
        threads: processor.pool.threadCount,
        exact: processor.needsExactActivations(activations ?? processor.activations)))
  }

  /// Tokens of a prompt that go through the model together where nothing else is asked for: enough
  /// to read each weight once for hundreds of products, few enough for a small workspace.
  public static let defaultChunkSize = 256

  /// Longest context that any state can have.
  public static let maximumContext = 1 << 24

  /// An empty sequence. Results do not depend on `chunkSize`; `activations` takes the place of the
  /// processor's own where it is given.
  public init(
    _ processor: Processor, contextLength: Int, cacheType: CacheType = .f16,
    chunkSize: Int = ProcessorState.defaultChunkSize, activations: ActivationPrecision? = nil
  ) throws(LanguageModelError) {
    precondition(chunkSize >= 1)
    let activations = activations ?? processor.activations
    let plan = try ProcessorState.plan(
      processor, contextLength: contextLength, cacheType: cacheType, chunkSize: chunkSize,
      activations: activations)
    let c = processor.configuration
    self.processor = processor
    self.contextLength = contextLength
    self.chunkSize = min(chunkSize, contextLength)
    byteCount = plan.cache + plan.workspace
    do {
      cache = try KeyValueCache(
        type: cacheType, layers: c.layerCount, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: contextLength)
      workspace = try ProcessorWorkspace(
        c, contextLength: contextLength, rows: self.chunkSize, threads: processor.pool.threadCount,
        exact: processor.needsExactActivations(activations))
    } catch {
      throw .memory(error)
    }

    layers = ProcessorLayers(processor, activations: activations, norms: workspace.norms)
  }

  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) {
    precondition((0...self.position).contains(position), "there is nothing at \(position)")
    self.position = position
  }

  /// Appends `tokens`; returns the logits `[vocabularySize]` of the last one.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    try forward(tokens, visitor: nil)
  }

  /// As above, with a `visitor` that reads or edits the residual stream.
  public func forward(
    _ tokens: [Int], visitor: (any ResidualStreamVisitor)?
  ) throws(LanguageModelError) -> [Float] {
    try check(tokens)
    var first = 0
    while first < tokens.count {
      let count = min(chunkSize, tokens.count - first)
      let isLast = first + count == tokens.count
      try runBlocks(
        tokens[first..<first + count], statesFrom: isLast ? count - 1 : count, visitor)
      first += count
      if isLast { runOutput(row: count - 1, count: 1) }
    }
    let size = processor.configuration.vocabularySize
    return Array(UnsafeBufferPointer(start: workspace.logits, count: size))
  }

  /// Appends `tokens` and hands `body` the logits of each from index `first` on, in order. When
  /// `body` throws, the tokens of its chunk are in the cache and those after it are not.
  public func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int = 0,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    try forwardAll(tokens, logitsFrom: first, visitor: nil, body)
  }

  /// As above, with a `visitor` that reads or edits the residual stream.
  public func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int = 0, visitor: (any ResidualStreamVisitor)?,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    do throws(LanguageModelError) { try check(tokens) } catch { throw .model(error) }
    let size = processor.configuration.vocabularySize
    var chunk = 0
    while chunk < tokens.count {
      let count = min(chunkSize, tokens.count - chunk)
      var row = min(max(0, first - chunk), count)
      do throws(LanguageModelError) {
        try runBlocks(tokens[chunk..<chunk + count], statesFrom: row, visitor)
      } catch {
        throw .model(error)
      }
      while row < count {
        let some = min(ProcessorWorkspace.logitRows, count - row)
        runOutput(row: row, count: some)
        for i in 0..<some {
          let logits = UnsafeBufferPointer(start: workspace.logits + i * size, count: size)
          do throws(Failure) { try body(chunk + row + i, logits.span) } catch {
            throw .listener(error)
          }
        }
        row += some
      }
      chunk += count
    }
  }

  func check(_ tokens: [Int]) throws(LanguageModelError) {
    guard !tokens.isEmpty else { throw .noTokens }
    guard tokens.count <= contextLength - position else {
      throw .contextFull(position: position, count: tokens.count, contextLength: contextLength)
    }
    let size = processor.configuration.vocabularySize
    if let bad = tokens.first(where: { $0 < 0 || $0 >= size }) {
      throw .tokenOutOfRange(token: bad, vocabularySize: size)
    }
    try processor.checkEmbeddings(tokens)
  }

  /// The residual stream of a chunk through all blocks, which its position then counts. After the last
  /// block only the states of the rows from `first` on are there, unless a visitor sees them all.
  ///
  /// Goes through `adapters` where they are given.
  func runBlocks(
    _ tokens: ArraySlice<Int>, statesFrom first: Int, _ visitor: (any ResidualStreamVisitor)?,
    through adapters: AdaptedBlocks? = nil
  ) throws(LanguageModelError) {
    let c = processor.configuration
    let depth = c.layerCount
    processor.rotary.fill(
      positions: position..<position + tokens.count, cosines: workspace.cosines,
      sines: workspace.sines)
    // Asked once, here: every thread must take the same way through the barriers.
    let visited = visitor.map { visitor in (0...depth).map(visitor.visits) } ?? []
    let pass = ForwardPass(
      configuration: c, kernels: processor.kernels, workspace: workspace, cache: cache,
      start: position, rows: tokens.count)
    let lastPass = visited.last == true ? pass : pass.wanting(statesFrom: first)
    processor.pool.run { worker in
      let panel = workspace.thread(worker.index).panel
      for i in worker.each(tokens.count) {
        processor.embed(
          tokens[tokens.startIndex + i], panel: panel, into: workspace.residual + i * c.hiddenSize)
      }
      worker.barrier()
      if worker.index == 0 { processor.releaseEmbeddings() }
      for layer in 0..<depth {
        visit(visitor, visited, layer: layer, count: tokens.count, worker)
        let adapted = adapters?.block(layer, worker)
        if layer < depth - 1 {
          pass.run(layers.blocks[layer], layer: layer, worker, adapted: adapted)
        } else {
          lastPass.run(layers.blocks[layer], layer: layer, worker, adapted: adapted)
        }
      }
      visit(visitor, visited, layer: depth, count: tokens.count, worker)
    }
    if let place = visitor?.overflow {
      throw .streamOverflow(point: place.point, position: place.position)
    }
    position += tokens.count
  }

  private func visit(
    _ visitor: (any ResidualStreamVisitor)?, _ visited: [Bool], layer: Int, count: Int,
    _ worker: Worker
  ) {
    guard let visitor, visited[layer] else { return }
    worker.onCaller {
      visitor.visit(
        ResidualRows(
          point: layer, firstPosition: position, count: count,
          width: processor.configuration.hiddenSize, rows: workspace.residual))
    }
    worker.barrier()
  }

  /// Logits of rows of the last chunk, into the workspace.
  private func runOutput(row: Int, count: Int) {
    let c = processor.configuration
    processor.pool.run { worker in
      layers.output.apply(
        worker, processor.kernels, shared: workspace.shared, own: workspace.thread(worker.index),
        x: workspace.residual + row * c.hiddenSize, stride: c.hiddenSize, rows: count,
        transform: .rmsNorm(weight: layers.outputNorm, epsilon: c.rmsNormEpsilon),
        out: workspace.logits, outStride: c.vocabularySize, accumulate: false)
    }
  }
}
