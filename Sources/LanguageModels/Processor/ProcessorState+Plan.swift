import KernelInterface
import ModelFiles
import TensorKernels

extension ProcessorState {
  /// Bytes that sequences take, before they are made.
  public struct MemoryPlan: Sendable, Equatable {
    /// The packed weights, shared by all states of a processor.
    public let weights: Int
    /// Keys and values of a full context, of one sequence.
    public let cache: Int
    /// The memory of passes, which sequences share.
    public let workspace: Int
    /// All of it, for one sequence.
    public var total: Int { weights + cache + workspace }
  }

  /// What a state of that context would take. Throws `contextTooLong` when the number does not fit.
  public static func plan(
    _ processor: Processor, contextLength: Int, cacheType: CacheType = .f16,
    chunkSize: Int = ProcessorState.defaultChunkSize, activations: ActivationPrecision? = nil
  ) throws(LanguageModelError) -> MemoryPlan {
    let c = processor.configuration
    return MemoryPlan(
      weights: processor.weightBytes, cache: try cacheBytes(c, contextLength, cacheType),
      workspace: ProcessorWorkspace.byteCount(
        c, contextLength: contextLength, rows: min(chunkSize, contextLength),
        threads: processor.pool.threadCount,
        exact: processor.needsExactActivations(activations ?? processor.activations)))
  }

  /// Keys and values of a full context. Throws `contextTooLong` when the number does not fit.
  static func cacheBytes(
    _ c: ProcessorConfiguration, _ contextLength: Int, _ cacheType: CacheType
  ) throws(LanguageModelError) -> Int {
    guard (1...maximumContext).contains(contextLength),
      let cache = KeyValueCache.byteCount(
        type: cacheType, layers: c.layerCount, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: contextLength)
    else { throw .contextTooLong(requested: contextLength, most: maximumContext) }
    return cache
  }

  /// What a processor of `file` on `threads` threads and a state of that context would take, from the
  /// file's header alone: the numbers that `plan(_:contextLength:cacheType:chunkSize:)` gives once
  /// the weights are packed. Throws what makes the file unusable, or `contextTooLong`.
  public static func plan(
    _ file: GGUFFile, activations: ActivationPrecision, threads: Int, contextLength: Int,
    cacheType: CacheType = .f16, chunkSize: Int = ProcessorState.defaultChunkSize
  ) throws(LanguageModelError) -> MemoryPlan {
    let c = try ProcessorConfiguration(file)
    let cache = try cacheBytes(c, contextLength, cacheType)

    // Vectors are kept apart, and an embedding that is not the output matrix stays in the file.
    let isTied = file.tensorIfPresent(named: "output.weight") == nil
    let matrices = file.tensors.filter {
      $0.shape.count == 2 && (isTied || $0.name != "token_embd.weight")
    }
    let weights = matrices.reduce(0) { total, tensor in
      total + PackedLayout.groupCount(rows: tensor.shape[1])
        * PackedLayout.groupBytes(tensor.format, columns: tensor.shape[0])
    }
    let isExact = matrices.contains { activations.layout($0.format) == .f32 }
    return MemoryPlan(
      weights: weights, cache: cache,
      workspace: ProcessorWorkspace.byteCount(
        c, contextLength: contextLength, rows: min(chunkSize, contextLength), threads: threads,
        exact: isExact))
  }
}
