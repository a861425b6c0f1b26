import KernelInterface
import TensorKernels

/// What one forward pass of a GPT-2 leaves behind and works with, in one allocation whose size is
/// known before it is made.
///
/// N = rows of a batch, D = width, F = inner width, M = blocks, R = the adapters' rank. The states of all blocks are always
/// kept: (M + 1) N D floats, little beside the weights. What a block has in between is kept for every
/// block where a backward pass wants it, and otherwise for one block only.
final class GPT2Workspace {
  /// What a block has between its input and its output.
  struct Block {
    let projected: UnsafeMutablePointer<Float>  // [N][3 D]: queries, keys, values
    let attended: UnsafeMutablePointer<Float>  // [N][D]
    let middle: UnsafeMutablePointer<Float>  // [N][D], the stream after attention
    let expanded: UnsafeMutablePointer<Float>  // [N][F], before GELU
  }

  let finalState: UnsafeMutablePointer<Float>  // [N][D], the last state under the final norm
  let shared: ActivationTiles  // N rows of the widest layer input, the adapters' included
  let adapterInput: UnsafeMutablePointer<Float>  // [N][max(D, F)]
  let adapterMiddle: UnsafeMutablePointer<Float>  // [N][R]
  let byteCount: Int

  private let storage: PageBuffer
  private let states: UnsafeMutablePointer<Float>  // [M + 1][N][D]
  private let blocks: UnsafeMutablePointer<Float>  // [kept blocks][N][5 D + F]
  private let threads: UnsafeMutableRawPointer
  private let threadBytes: Int
  private let rows: Int
  private let widest: Int
  private let configuration: GPT2Configuration
  private let keepsBlocks: Bool

  private struct Sizes {
    var widest: Int
    var states: Int
    var final: Int
    var block: Int
    var keptBlocks: Int
    var tiles: Int
    var adapterInput: Int
    var adapterMiddle: Int
    var thread: Int

    init(_ c: GPT2Configuration, rows: Int, keepsBlocks: Bool, adapterRank: Int) {
      widest = max(c.width, c.innerWidth, adapterRank)
      states = align((c.blockCount + 1) * rows * c.width * 4)
      final = align(rows * c.width * 4)
      block = align(rows * (5 * c.width + c.innerWidth) * 4)
      keptBlocks = keepsBlocks ? c.blockCount : 1
      tiles = align(ActivationTiles.byteCount(rows: rows, columns: widest, exact: true))
      adapterInput = adapterRank == 0 ? 0 : align(rows * max(c.width, c.innerWidth) * 4)
      adapterMiddle = align(rows * adapterRank * 4)
      thread = ThreadScratch.byteCount(widest: widest, headSize: c.headSize)
    }

    func total(threads: Int) -> Int {
      states + final + keptBlocks * block + tiles + adapterInput + adapterMiddle
        + threads * thread
    }
  }

  /// Its bytes before it is made, of a pass that keeps no blocks.
  static func byteCount(_ c: GPT2Configuration, rows: Int, threads: Int) -> Int {
    Sizes(c, rows: rows, keepsBlocks: false, adapterRank: 0).total(threads: threads)
  }

  init(
    _ c: GPT2Configuration, rows: Int, threads threadCount: Int, keepsBlocks: Bool,
    adapterRank: Int = 0
  ) throws(KernelError) {
    let sizes = Sizes(c, rows: rows, keepsBlocks: keepsBlocks, adapterRank: adapterRank)
    byteCount = sizes.total(threads: threadCount)
    storage = try PageBuffer(byteCount: byteCount)
    configuration = c
    self.rows = rows
    widest = sizes.widest
    self.keepsBlocks = keepsBlocks
    threadBytes = sizes.thread
    var next = storage.address
    func take(_ bytes: Int) -> UnsafeMutableRawPointer {
      defer { next += bytes }
      return next
    }
    states = take(sizes.states).assumingMemoryBound(to: Float.self)
    finalState = take(sizes.final).assumingMemoryBound(to: Float.self)
    blocks = take(sizes.keptBlocks * sizes.block).assumingMemoryBound(to: Float.self)
    shared = ActivationTiles(take(sizes.tiles), rows: rows, columns: widest)
    adapterInput = take(sizes.adapterInput).assumingMemoryBound(to: Float.self)
    adapterMiddle = take(sizes.adapterMiddle).assumingMemoryBound(to: Float.self)
    threads = take(threadCount * sizes.thread)
  }

  /// The residual stream after `block` blocks, `[N][D]`: the embeddings at 0, and at the number of
  /// blocks the last one's output before the final norm.
  func state(_ block: Int) -> UnsafeMutablePointer<Float> {
    states + block * rows * configuration.width
  }

  /// What block `index`, from 0, has in between.
  func block(_ index: Int) -> Block {
    let width = configuration.width
    let size = align(rows * (5 * width + configuration.innerWidth) * 4) / 4
    let start = blocks + (keepsBlocks ? index * size : 0)
    return Block(
      projected: start, attended: start + 3 * rows * width, middle: start + 4 * rows * width,
      expanded: start + 5 * rows * width)
  }

  func thread(_ index: Int) -> ThreadScratch {
    ThreadScratch(
      threads + index * threadBytes, widest: widest, headSize: configuration.headSize)
  }
}
