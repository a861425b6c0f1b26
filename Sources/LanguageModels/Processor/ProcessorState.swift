import ModelFiles
import TensorKernels

/// One sequence in a processor: its KV cache, and how far it is filled. What its forward passes need besides,
/// their memory, it has for itself or shares with others. Used by one thread at a time, and so are those that
/// share.
public final class ProcessorState {
  /// What its passes need, its own or shared.
  public let memory: PassMemory
  /// Tokens that fit.
  public let contextLength: Int
  /// How keys and values are stored.
  public var cacheType: CacheType { cache.type }
  /// Tokens in the cache: the next one gets this position.
  public internal(set) var position = 0 {
    didSet { mostTokens = max(mostTokens, position) }
  }
  /// Bytes of the cache: what a sequence takes that shares the memory of its passes.
  public let cacheByteCount: Int

  private(set) var cache: KeyValueCache
  /// The most tokens that `cache` ever had: what of it the system has given memory for.
  private var mostTokens = 0

  /// The frozen model.
  public var processor: Processor { memory.processor }
  /// Tokens that go through the model together.
  public var chunkSize: Int { memory.chunkSize }
  /// Bytes of the cache and of the memory of passes.
  public var byteCount: Int { cacheByteCount + memory.byteCount }

  /// Tokens of a prompt that go through the model together where nothing else is asked for: enough
  /// to read each weight once for hundreds of products, few enough for a small workspace.
  public static let defaultChunkSize = 256

  /// Longest context that any state can have.
  public static let maximumContext = 1 << 24

  /// An empty sequence whose passes have a memory of their own. Results do not depend on `chunkSize`;
  /// `activations` takes the place of the processor's own where it is given. Throws `contextTooLong` and
  /// `memory`.
  public convenience init(
    _ processor: Processor, contextLength: Int, cacheType: CacheType = .f16,
    chunkSize: Int = ProcessorState.defaultChunkSize, activations: ActivationPrecision? = nil
  ) throws(LanguageModelError) {
    // Both are checked before either is taken.
    _ = try ProcessorState.plan(processor, contextLength: contextLength, cacheType: cacheType)
    try self.init(
      sharing: PassMemory(
        processor, contextLength: contextLength, chunkSize: chunkSize, activations: activations),
      cacheType: cacheType)
  }

  /// An empty sequence of at most `contextLength` tokens, no more than `memory` is for and without it as many,
  /// beside others that share `memory`. It takes its cache alone. Throws `contextTooLong` and `memory`.
  public init(
    sharing memory: PassMemory, contextLength: Int? = nil, cacheType: CacheType = .f16
  ) throws(LanguageModelError) {
    let contextLength = contextLength ?? memory.contextLength
    let c = memory.processor.configuration
    guard (1...memory.contextLength).contains(contextLength) else {
      throw .contextTooLong(requested: contextLength, most: memory.contextLength)
    }
    self.memory = memory
    self.contextLength = contextLength
    cacheByteCount = try ProcessorState.cacheBytes(c, contextLength, cacheType)
    do {
      cache = try KeyValueCache(
        type: cacheType, layers: c.layerCount, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: contextLength)
    } catch {
      throw .memory(error)
    }
  }

  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) {
    precondition((0...self.position).contains(position), "there is nothing at \(position)")
    self.position = position
  }

  /// Forgets its tokens, and takes the first `count` of another sequence of the processor with the same type
  /// of cache and activations, edited or not as that one was. It goes on from there, to the bit, as that
  /// one would.
  public func copy(prefix count: Int, of other: ProcessorState) {
    precondition((0...other.position).contains(count), "there is nothing at \(count)")
    precondition(count <= contextLength, "\(count) tokens do not fit")
    precondition(
      processor === other.processor && memory.activations == other.memory.activations,
      "the sequences are of different models")
    if other !== self { cache.copy(positions: count, of: other.cache) }
    position = count
  }

  /// Bytes of the cache that are in memory at most: of every head's keys and values what the most tokens took that
  /// it ever had, in whole pages. The rest of `cacheByteCount` was never written to.
  public var touchedByteCount: Int {
    let c = processor.configuration
    guard mostTokens > 0,
      let written = try? ProcessorState.cacheBytes(c, mostTokens, cacheType)
    else { return 0 }
    return min(cacheByteCount, written + 2 * MappedFile.pageSize * c.layerCount * c.kvHeadCount)
  }

  /// Exchanges tokens, keys and values with another sequence of the processor, with the same context, type of cache
  /// and activations. Nothing is copied.
  public func exchange(with other: ProcessorState) {
    precondition(
      processor === other.processor && memory.activations == other.memory.activations
        && contextLength == other.contextLength && cacheType == other.cacheType,
      "the sequences are not of one kind")
    swap(&cache, &other.cache)
    swap(&mostTokens, &other.mostTokens)
    (position, other.position) = (other.position, position)
  }

  /// Appends `tokens`; returns the logits `[vocabularySize]` of the last one.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    try forward(tokens, visitor: nil)
  }

  /// As above, with a `visitor` that reads or edits the residual stream.
  public func forward(
    _ tokens: [Int], visitor: (any ResidualStreamVisitor)?
  ) throws(LanguageModelError) -> [Float] {
    var result: [Float] = []
    let failures = memory.forward([PassSegment(self, tokens, visitor: visitor)]) { _, _, logits in
      result = logits.withUnsafeBufferPointer { Array($0) }
    }
    if let failure = failures[0] { throw failure }
    return result
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
    let segment = PassSegment(self, tokens, logitsFrom: first, visitor: visitor)
    let failures: [LanguageModelError?]
    do throws(Failure) {
      failures = try memory.forward([segment]) { _, index, logits throws(Failure) in
        try body(index, logits)
      }
    } catch {
      throw .listener(error)
    }
    if let failure = failures[0] { throw .model(failure) }
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
}
