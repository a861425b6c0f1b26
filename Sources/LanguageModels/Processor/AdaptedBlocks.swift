import KernelInterface
import TensorKernels

/// Low-rank adapters on the blocks of a `ProcessorState`, and what they need beside its workspace. Used
/// while the state reads something through them, and given back then.
///
/// N = rows of a chunk, F = the widest layer's inputs, R = the rank.
final class AdaptedBlocks {
  private let kernels: KernelTable
  private let adapters: LowRankAdapters
  private let blocks: [BlockAdapters]
  private let memory: LowRankStep.Memory
  private let storage: PageBuffer
  private let threads: UnsafeMutableRawPointer
  private let threadBytes: Int
  private let widest: Int
  private let headSize: Int

  /// Memory for chunks of `rows`. Throws `memory`.
  init(
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
    headSize = c.headSize
    threadBytes = sizes.thread
    let input = storage.address
    let middle = input + sizes.input
    memory = LowRankStep.Memory(
      input: input.assumingMemoryBound(to: Float.self),
      middle: middle.assumingMemoryBound(to: Float.self),
      middleStride: adapters.configuration.width,
      tiles: ActivationTiles(middle + sizes.middle, rows: rows, columns: sizes.widest))
    threads = middle + sizes.middle + sizes.tiles
  }

  /// Bytes of the parts.
  private struct Sizes {
    let widest: Int
    let input: Int
    let middle: Int
    let tiles: Int
    let thread: Int

    init(_ c: ProcessorConfiguration, _ adapters: AdapterConfiguration, rows: Int) {
      widest = max(c.hiddenSize, c.intermediateSize, c.headCount * c.headSize, adapters.rank)
      input = align(rows * widest * 4)
      middle = align(rows * adapters.width * 4)
      tiles = align(ActivationTiles.byteCount(rows: rows, columns: widest, exact: true))
      thread = align(ThreadScratch.byteCount(widest: widest, headSize: c.headSize))
    }

    func total(threads: Int) -> Int { input + middle + tiles + threads * thread }
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
      kernels: kernels, adapters: blocks[index], memory: memory,
      own: ThreadScratch(
        threads + worker.index * threadBytes, widest: widest, headSize: headSize))
  }
}

/// The adapters of one block as a thread sees them.
struct AdaptedBlock {
  let kernels: KernelTable
  let adapters: BlockAdapters
  let memory: LowRankStep.Memory
  let own: ThreadScratch

  /// out += s B A transform(x) for the adapters of a step, whose layers read `columns` numbers.
  func add(
    _ step: KeyPath<BlockAdapters, AdapterGroup>, rows: Int, of x: UnsafePointer<Float>,
    _ stride: Int, columns: Int, _ transform: InputTransform,
    to out: UnsafeMutablePointer<Float>, _ outStride: Int, _ worker: Worker
  ) {
    let group = adapters[keyPath: step]
    guard !group.adapters.isEmpty else { return }
    let lowRank = LowRankStep(kernels: kernels, rows: rows, memory: memory, own: own)
    lowRank.shrink(group, lowRank.read(columns, x, stride, transform, worker), worker)
    for adapter in group.adapters {
      lowRank.add(adapter, to: out + adapter.column, outStride, worker)
    }
  }
}
