import KernelInterface
import ModelFiles
import TensorKernels

extension ProcessorState {
  /// What a processor of `file` on `threads` threads and a state of that context would take, from the
  /// file's header alone: the numbers that `plan(_:contextLength:cacheType:chunkSize:)` gives once
  /// the weights are packed. Throws what makes the file unusable, or `contextTooLong`.
  public static func plan(
    _ file: GGUFFile, activations: ActivationPrecision, threads: Int, contextLength: Int,
    cacheType: CacheType = .f16, chunkSize: Int = ProcessorState.defaultChunkSize
  ) throws(LanguageModelError) -> MemoryPlan {
    let c = try ProcessorConfiguration(file)
    guard (1...maximumContext).contains(contextLength),
      let cache = KeyValueCache.byteCount(
        type: cacheType, layers: c.layerCount, kvHeads: c.kvHeadCount, headSize: c.headSize,
        capacity: contextLength)
    else { throw .contextTooLong(requested: contextLength, most: maximumContext) }

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
