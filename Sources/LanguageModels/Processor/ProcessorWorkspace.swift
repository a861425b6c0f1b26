import KernelInterface
import TensorKernels

/// Scratch memory of one forward pass: everything its rows need between the embedding and the logits, in
/// one allocation whose size is known before it is made.
///
/// N = rows of a pass, D = hidden, A = heads * headSize, KV = kvHeads * headSize, F = intermediate.
final class ProcessorWorkspace {
  /// Rows of logits computed at a time.
  static let logitRows = 16

  let residual: UnsafeMutablePointer<Float>  // [N][D]
  let projected: UnsafeMutablePointer<Float>  // [N][A + 2 KV]: queries, keys, values
  let attended: UnsafeMutablePointer<Float>  // [N][A]
  let gated: UnsafeMutablePointer<Float>  // [N][2 F]: gate, up; over `projected` and `attended`
  let cosines: UnsafeMutablePointer<Float>  // [N][rotated / 2]
  let sines: UnsafeMutablePointer<Float>  // [N][rotated / 2]
  let logits: UnsafeMutablePointer<Float>  // [logitRows][vocabulary]
  let norms: UnsafeMutablePointer<Float>  // [2 layers + 1][D], the weights of all norms
  let partials: UnsafeMutablePointer<Float>  // attention of single tokens, by block of positions
  /// Partial results that fit: those of one token over a full context.
  let partialCapacity: Int
  let shared: ActivationTiles  // N rows of the widest layer input
  let byteCount: Int

  private let storage: PageBuffer
  private let threads: UnsafeMutableRawPointer
  private let threadBytes: Int
  private let widest: Int
  private let headSize: Int

  /// Sizes of the parts, in the order of the layout.
  private struct Sizes {
    var residual: Int
    var layer: Int
    var angles: Int
    var logits: Int
    var norms: Int
    var partials: Int
    var tiles: Int
    var thread: Int

    init(_ c: ProcessorConfiguration, contextLength: Int, rows: Int, exact: Bool) {
      func bytes(_ floats: Int) -> Int { align(floats * 4) }
      let queries = c.headCount * c.headSize
      let keys = c.kvHeadCount * c.headSize
      let widest = Sizes.widest(c)
      residual = bytes(rows * c.hiddenSize)
      layer = max(
        bytes(rows * (queries + 2 * keys)) + bytes(rows * queries),
        bytes(rows * 2 * c.intermediateSize))
      angles = bytes(rows * c.rotatedSize / 2)
      logits = bytes(min(rows, ProcessorWorkspace.logitRows) * c.vocabularySize)
      norms = bytes(ProcessorLayers.normCount(c))
      partials = bytes(
        ForwardPass.partialCount(c, contextLength: contextLength)
          * CacheLayout.attentionPartial(c.headSize))
      tiles = align(ActivationTiles.byteCount(rows: rows, columns: widest, exact: exact))
      thread = ThreadScratch.byteCount(widest: widest, headSize: c.headSize)
    }

    static func widest(_ c: ProcessorConfiguration) -> Int {
      max(c.hiddenSize, c.intermediateSize, c.headCount * c.headSize)
    }

    func total(threads: Int) -> Int {
      residual + layer + 2 * angles + logits + norms + partials + tiles + threads * thread
    }
  }

  /// Bytes of a workspace, without making it.
  static func byteCount(
    _ configuration: ProcessorConfiguration, contextLength: Int, rows: Int, threads: Int,
    exact: Bool
  ) -> Int {
    Sizes(configuration, contextLength: contextLength, rows: rows, exact: exact)
      .total(threads: threads)
  }

  init(
    _ c: ProcessorConfiguration, contextLength: Int, rows: Int, threads threadCount: Int,
    exact: Bool
  ) throws(KernelError) {
    let sizes = Sizes(c, contextLength: contextLength, rows: rows, exact: exact)
    byteCount = sizes.total(threads: threadCount)
    storage = try PageBuffer(byteCount: byteCount)
    widest = Sizes.widest(c)
    headSize = c.headSize
    threadBytes = sizes.thread
    var next = storage.address
    func take(_ bytes: Int) -> UnsafeMutableRawPointer {
      defer { next += bytes }
      return next
    }
    func floats(_ p: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
      p.assumingMemoryBound(to: Float.self)
    }
    residual = floats(take(sizes.residual))
    let layer = take(sizes.layer)
    projected = floats(layer)
    attended = floats(
      layer + align(rows * (c.headCount + 2 * c.kvHeadCount) * c.headSize * 4))
    gated = floats(layer)
    cosines = floats(take(sizes.angles))
    sines = floats(take(sizes.angles))
    logits = floats(take(sizes.logits))
    norms = floats(take(sizes.norms))
    partials = floats(take(sizes.partials))
    partialCapacity = ForwardPass.partialCount(c, contextLength: contextLength)
    shared = ActivationTiles(take(sizes.tiles), rows: rows, columns: widest)
    threads = take(threadCount * sizes.thread)
  }

  func thread(_ index: Int) -> ThreadScratch {
    ThreadScratch(threads + index * threadBytes, widest: widest, headSize: headSize)
  }
}
