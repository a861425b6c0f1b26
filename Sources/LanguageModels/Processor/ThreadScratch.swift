import KernelInterface
import TensorKernels

/// What one thread needs for itself in a forward pass.
struct ThreadScratch {
  let rows: UnsafeMutablePointer<Float>  // [8][widest]
  let panel: UnsafeMutablePointer<Float>  // PackedMatrix.panelScratch
  let attention: UnsafeMutablePointer<Float>  // CacheLayout.attentionScratch
  let single: ActivationTiles  // one row of the widest layer input

  /// Bytes for layers that read at most `widest` numbers, and heads of `headSize`.
  static func byteCount(widest: Int, headSize: Int) -> Int {
    align(ActivationTiles.tileRows * widest * 4) + align(PackedMatrix.panelScratch * 4)
      + align(CacheLayout.attentionScratch(headSize) * 4)
      + align(ActivationTiles.byteCount(rows: 1, columns: widest, exact: true))
  }

  /// Lays the parts out from `memory` on, which has `byteCount` bytes and is 64-byte aligned.
  init(_ memory: UnsafeMutableRawPointer, widest: Int, headSize: Int) {
    let panel = memory + align(ActivationTiles.tileRows * widest * 4)
    let attention = panel + align(PackedMatrix.panelScratch * 4)
    let single = attention + align(CacheLayout.attentionScratch(headSize) * 4)
    rows = memory.assumingMemoryBound(to: Float.self)
    self.panel = panel.assumingMemoryBound(to: Float.self)
    self.attention = attention.assumingMemoryBound(to: Float.self)
    self.single = ActivationTiles(single, rows: 1, columns: widest)
  }
}

/// Bytes up to the next cache line, where the parts of a workspace begin.
func align(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
