import KernelInterface
import TensorKernels

/// Low-rank adapters on the blocks of passes, and what they need beside the workspace of these. Used while a state
/// reads something through them, and given back then, or kept for passes of many sequences.
///
/// N = rows of a chunk, M = the ranks of a block's adapters together.
package final class AdaptedBlocks {
  private let kernels: KernelTable
  private let adapters: LowRankAdapters
  private let blocks: [BlockAdapters]
  private let storage: PageBuffer
  private let middle: UnsafeMutablePointer<Float>  // [N][M]
  private let threads: UnsafeMutableRawPointer
  private let threadBytes: Int
  private let widest: Int

  /// Memory for chunks of `rows`. Throws `memory`.
  package init(
    _ adapters: LowRankAdapters, of processor: Processor, rows: Int
  ) throws(LanguageModelError) {
    let c = processor.configuration
    let sizes = Sizes(c, adapters.configuration, rows: rows)
    do {
      storage = try PageBuffer(byteCount: sizes.total(threads: processor.pool.threadCount))
    } catch { throw .memory(error) }
    self.adapters = adapters
    kernels = processor.kernels
    blocks = (0..<c.layerCount).map { adapters.block($0, c) }
    widest = sizes.widest
    threadBytes = sizes.thread
    middle = storage.address.assumingMemoryBound(to: Float.self)
    threads = storage.address + sizes.middle
  }

  /// Bytes of the parts.
  private struct Sizes {
    let widest: Int
    let middle: Int
    let thread: Int

    init(_ c: ProcessorConfiguration, _ adapters: AdapterConfiguration, rows: Int) {
      widest = max(c.hiddenSize, c.intermediateSize, c.headCount * c.headSize, adapters.rank)
      middle = align(rows * adapters.width * 4)
      thread = LowRankTerm.Memory.byteCount(widest: widest, middle: adapters.width)
    }

    func total(threads: Int) -> Int { middle + threads * thread }
  }

  /// Bytes of such a memory, without making it.
  static func byteCount(
    _ adapters: AdapterConfiguration, of processor: ProcessorConfiguration, rows: Int, threads: Int
  ) -> Int {
    Sizes(processor, adapters, rows: rows).total(threads: threads)
  }

  /// The adapters of a block, for a thread; valid while this object lives.
  func block(_ index: Int, _ worker: Worker) -> AdaptedBlock {
    AdaptedBlock(
      kernels: kernels, adapters: blocks[index], middle: middle,
      middleStride: adapters.configuration.width,
      own: LowRankTerm.Memory(threads + worker.index * threadBytes, widest: widest))
  }
}

/// The adapters of one block as a thread sees them.
struct AdaptedBlock {
  fileprivate let kernels: KernelTable
  fileprivate let adapters: BlockAdapters
  fileprivate let middle: UnsafeMutablePointer<Float>
  fileprivate let middleStride: Int
  fileprivate let own: LowRankTerm.Memory

  /// Those of a step's layers; nil where these have none.
  func term(_ step: KeyPath<BlockAdapters, AdapterGroup>) -> LowRankTerm? {
    let group = adapters[keyPath: step]
    guard !group.adapters.isEmpty else { return nil }
    return LowRankTerm(
      kernels: kernels, adapters: group.factors, middle: middle, middleStride: middleStride,
      own: own)
  }
}
