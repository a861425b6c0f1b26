import TensorKernels

/// What forward passes of a processor need beside the caches of its sequences: activations, scratch of the
/// threads, logits. Sequences that share one go through the processor one after the other, or together in a
/// pass; each further one takes its cache alone. Used by one thread at a time.
public final class PassMemory {
  /// The frozen model.
  public let processor: Processor
  /// How linear layers take their activations.
  public let activations: ActivationPrecision
  /// Tokens that the longest of its sequences may have.
  public let contextLength: Int
  /// Rows of a pass, at most: more go through in several.
  public let chunkSize: Int
  /// Bytes of it.
  public var byteCount: Int { workspace.byteCount }

  let workspace: ProcessorWorkspace
  let layers: ProcessorLayers

  /// Memory for sequences of at most `contextLength` tokens. Results do not depend on `chunkSize`;
  /// `activations` takes the place of the processor's own where it is given. Throws `contextTooLong` and
  /// `memory`.
  public init(
    _ processor: Processor, contextLength: Int,
    chunkSize: Int = ProcessorState.defaultChunkSize, activations: ActivationPrecision? = nil
  ) throws(LanguageModelError) {
    precondition(chunkSize >= 1)
    guard (1...ProcessorState.maximumContext).contains(contextLength) else {
      throw .contextTooLong(requested: contextLength, most: ProcessorState.maximumContext)
    }
    let activations = activations ?? processor.activations
    let c = processor.configuration
    self.processor = processor
    self.activations = activations
    self.contextLength = contextLength
    self.chunkSize = min(chunkSize, contextLength)
    do {
      workspace = try ProcessorWorkspace(
        c, contextLength: contextLength, rows: self.chunkSize, threads: processor.pool.threadCount,
        exact: processor.needsExactActivations(activations))
    } catch {
      throw .memory(error)
    }
    layers = ProcessorLayers(processor, activations: activations, norms: workspace.norms)
  }

  /// Appends the tokens of every segment to its sequence, in as few passes as hold them, and hands `body`
  /// the logits that are wanted: the segment's number, the index in its tokens, and the logits
  /// `[vocabularySize]`, in that order within a segment. Each segment has, to the bit, the logits that it has
  /// alone, whatever the others are.
  ///
  /// A segment that fails leaves the others as they are. The sequences are different ones that share this
  /// memory.
  ///
  /// - Returns: for each segment why it was not run, or not to its end; nil where it was.
  /// - Throws: what `body` throws; the tokens of the passes so far are in the caches, and no others.
  public func forward<Failure: Error>(
    _ segments: [PassSegment],
    _ body: (_ segment: Int, _ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(Failure) -> [LanguageModelError?] {
    try forward(segments, through: nil, body)
  }

  /// The same through `adapters`, which act on all tokens of the segments and on none that their sequences have already;
  /// they have memory for `chunkSize` rows.
  package func forward<Failure: Error>(
    _ segments: [PassSegment], through adapters: AdaptedBlocks?,
    _ body: (_ segment: Int, _ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(Failure) -> [LanguageModelError?] {
    precondition(
      Set(segments.map { ObjectIdentifier($0.state) }).count == segments.count,
      "a sequence is in a pass twice")
    precondition(
      segments.allSatisfy { $0.state.memory === self }, "a sequence has another pass memory")
    var failures = segments.map { segment in
      do throws(LanguageModelError) { try segment.state.check(segment.tokens) } catch {
        return error as LanguageModelError?
      }
      return nil
    }
    var (next, done) = (0, 0)
    while next < segments.count {
      // As many rows as a pass holds, of this segment and those after it.
      var parts: [PassPart] = []
      var rows = 0
      while next < segments.count, rows < chunkSize {
        let segment = segments[next]
        guard failures[next] == nil, done < segment.tokens.count else {
          (next, done) = (next + 1, 0)
          continue
        }
        let count = min(chunkSize - rows, segment.tokens.count - done)
        parts.append(
          PassPart(
            state: segment.state, tokens: segment.tokens[done..<done + count],
            wanted: min(count, max(0, done + count - segment.logitsFrom)),
            visitor: segment.visitor, segment: next))
        rows += count
        done += count
      }
      guard !parts.isEmpty else { break }
      for (part, failure) in zip(parts, runBlocks(parts, through: adapters)) where failure != nil {
        failures[part.segment] = failure
      }
      try runOutput(parts, failures, body)
    }
    return failures
  }

  /// Logits of the rows of `parts` that are wanted, which lie at the beginning of the residual stream.
  private func runOutput<Failure: Error>(
    _ parts: [PassPart], _ failures: [LanguageModelError?],
    _ body: (_ segment: Int, _ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let rows = parts.flatMap { part in
      part.tokens.indices.suffix(part.wanted).map { (segment: part.segment, index: $0) }
    }
    try runOutput(rows: rows.count) { number, logits throws(Failure) in
      let row = rows[number]
      if failures[row.segment] == nil { try body(row.segment, row.index, logits) }
    }
  }

  /// Logits of the first `count` rows of the residual stream, in order.
  func runOutput<Failure: Error>(
    rows count: Int, _ body: (_ row: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let c = processor.configuration
    for first in stride(from: 0, to: count, by: ProcessorWorkspace.logitRows) {
      let some = first..<min(first + ProcessorWorkspace.logitRows, count)
      processor.pool.run { worker in
        layers.output.apply(
          worker, processor.kernels, shared: workspace.shared, own: workspace.thread(worker.index),
          x: workspace.residual + first * c.hiddenSize, stride: c.hiddenSize, rows: some.count,
          transform: .rmsNorm(weight: layers.outputNorm, epsilon: c.rmsNormEpsilon),
          out: workspace.logits, outStride: c.vocabularySize, accumulate: false)
      }
      for row in some {
        let logits = UnsafeBufferPointer(
          start: workspace.logits + (row - first) * c.vocabularySize, count: c.vocabularySize)
        try body(row, logits.span)
      }
    }
  }
}

/// What of a segment goes through in one pass.
struct PassPart {
  let state: ProcessorState
  let tokens: ArraySlice<Int>
  /// Of its last tokens, so many whose states after the last block are wanted.
  let wanted: Int
  let visitor: (any ResidualStreamVisitor)?
  /// The segment's number.
  var segment = 0
}
