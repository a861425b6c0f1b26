import KernelInterface
import TensorKernels

/// The adapters of the layers of a step, as a thread adds them while these layers run over a batch, all of whose rows they
/// act on:
///
///     out += B u,  u = s A x,  s = alpha / r
///
/// A thread that has made the input of some rows ready for the layers makes u of them, while they are in its cache, and one
/// that has written some outputs adds B u to these. So x is made once, and threads wait for each other where the layers
/// do and nowhere else: products with a few columns are done before a thread has been woken. The numbers are those of
/// `LowRankStep`, to the bit.
///
/// N = rows of the batch, M = the ranks of all adapters of a block, R = the largest of them.
struct LowRankTerm {
  /// A and B of one layer.
  struct Factors {
    let down: MatrixView  // A
    let up: MatrixView  // B
    /// Where the layer's outputs begin in those of its step.
    let column: Int
    /// Where its u begins in a row of those of all adapters of a block.
    let middle: Int
    let scale: Float  // s
  }

  let kernels: KernelTable
  let adapters: [Factors]
  let middle: UnsafeMutablePointer<Float>  // [N][M]
  let middleStride: Int  // M
  /// This thread's own: a tile of activations, as kernels read them, and what they need beside it; u of a single row.
  let own: Memory

  /// What a thread has for itself.
  struct Memory {
    let tile: UnsafeMutablePointer<Float>  // [8][max(the widest input, R)]
    let panel: UnsafeMutablePointer<Float>  // PackedMatrix.panelScratch
    let single: UnsafeMutablePointer<Float>  // [M]

    static func byteCount(widest: Int, middle: Int) -> Int {
      align(ActivationTiles.tileRows * widest * 4) + align(PackedMatrix.panelScratch * 4)
        + align(middle * 4)
    }

    /// Lays the parts out from `memory` on, which has `byteCount` bytes and is 64-byte aligned.
    init(_ memory: UnsafeMutableRawPointer, widest: Int) {
      let panel = memory + align(ActivationTiles.tileRows * widest * 4)
      tile = memory.assumingMemoryBound(to: Float.self)
      self.panel = panel.assumingMemoryBound(to: Float.self)
      single = (panel + align(PackedMatrix.panelScratch * 4)).assumingMemoryBound(to: Float.self)
    }
  }

  /// u of the rows from `first` on, `count` of them, a tile at most; `x` are `columns` numbers of each as the layers read
  /// them. Of a batch of a single row every thread has its own u.
  func shrink(
    _ x: UnsafePointer<Float>, _ stride: Int, columns: Int, first: Int, count: Int, isSingle: Bool
  ) {
    let u = isSingle ? own.single : middle + first * middleStride
    pack(x, stride, count: count, columns: columns)
    for adapter in adapters {
      let target = u + adapter.middle
      adapter.down.apply(
        kernels, groups: 0..<adapter.down.groupCount, packed: own.tile, count: count, out: target,
        stride: middleStride, accumulate: false, scratch: own.panel)
      for row in 0..<count {
        for i in 0..<adapter.down.rows { target[row * middleStride + i] *= adapter.scale }
      }
    }
  }

  /// out += B u of the layer whose outputs begin at `column`, for those of some groups, of all rows; `out` is where the
  /// layer's outputs begin.
  func add(
    column: Int, groups: Range<Int>, rows: Int, to out: UnsafeMutablePointer<Float>,
    _ outStride: Int
  ) {
    for adapter in adapters where adapter.column == column {
      let u = (rows == 1 ? own.single : middle) + adapter.middle
      var first = 0
      while first < rows {
        let count = min(ActivationTiles.tileRows, rows - first)
        pack(
          u + first * middleStride, middleStride, count: count, columns: adapter.up.columns)
        adapter.up.apply(
          kernels, groups: groups, packed: own.tile, count: count, out: out + first * outStride,
          stride: outStride, accumulate: true, scratch: own.panel)
        first += count
      }
    }
  }

  private func pack(_ x: UnsafePointer<Float>, _ stride: Int, count: Int, columns: Int) {
    kernels.linear.packActivationsF32(
      x, stride, count, count == 1 ? 1 : ActivationTiles.tileRows, columns, own.tile)
  }
}
