import KernelInterface
import TensorKernels

/// Scratch of one backward pass of a GPT-2.
///
/// N = rows of a batch, D = width, F = inner width, R = the adapters' rank.
final class GPT2BackwardWorkspace {
  let stream: UnsafeMutablePointer<Float>  // [N][D], gradient of the residual stream
  let narrow: UnsafeMutablePointer<Float>  // [N][D], gradient of a norm's output or of attention's
  let projected: UnsafeMutablePointer<Float>  // [N][3 D]
  let expanded: UnsafeMutablePointer<Float>  // [N][F]
  let inputs: UnsafeMutablePointer<Float>  // [N][max(D, F)], what a linear layer has read
  let moments: UnsafeMutablePointer<Float>  // [N][2], of a LayerNorm
  let packedGradients: UnsafeMutablePointer<Float>  // see `MatrixView.applyTransposed`
  let packedInputs: UnsafeMutablePointer<Float>  // see `MatrixView.addGradient`
  let adapterMiddle: UnsafeMutablePointer<Float>  // [N][R]
  let byteCount: Int

  private let storage: PageBuffer
  private let threads: UnsafeMutablePointer<Float>
  private let linearScratch: Int
  private let threadFloats: Int

  init(
    _ c: GPT2Configuration, _ adapters: GPT2Adapters?, _ block: GPT2ForwardPass.Block,
    isFrozen: Bool, rows: Int, threads threadCount: Int
  ) throws(KernelError) {
    let widest = max(c.width, c.innerWidth)
    let adapted = block.linears.compactMap(\.adapter).flatMap { [$0.down, $0.up] }
    // Gradients of weights are those of the adapters alone, where there are any.
    let trained = isFrozen ? [] : adapters == nil ? block.linears.map(\.matrix) : adapted
    let transposed = block.linears.map(\.matrix) + adapted
    func aligned(_ floats: Int) -> Int { align(floats * 4) / 4 }
    linearScratch = aligned(max(KernelTable.transposedScratch, KernelTable.gradientScratch))
    threadFloats =
      linearScratch
      + aligned(KernelTable.attendBackwardScratch(min(rows, c.contextLength), c.headSize))
    let sizes = [
      rows * c.width, rows * c.width, rows * 3 * c.width, rows * c.innerWidth, rows * widest,
      rows * 2, transposed.map { $0.packedGradientCount(rows: rows) }.max()!,
      trained.map { $0.packedInputCount(rows: rows) }.max() ?? 0,
      rows * (adapters?.configuration.rank ?? 0), threadCount * threadFloats,
    ].map(aligned)
    storage = try PageBuffer(byteCount: sizes.reduce(0, +) * 4)
    byteCount = storage.byteCount
    var next: UnsafeMutablePointer<Float> = storage.elements()
    var parts: [UnsafeMutablePointer<Float>] = []
    for size in sizes {
      parts.append(next)
      next += size
    }
    stream = parts[0]
    narrow = parts[1]
    projected = parts[2]
    expanded = parts[3]
    inputs = parts[4]
    moments = parts[5]
    packedGradients = parts[6]
    packedInputs = parts[7]
    adapterMiddle = parts[8]
    threads = parts[9]
  }

  /// A thread's own scratch for the gradients of linear layers.
  func linearScratch(_ thread: Int) -> UnsafeMutablePointer<Float> {
    threads + thread * threadFloats
  }

  /// A thread's own scratch for attention.
  func attentionScratch(_ thread: Int) -> UnsafeMutablePointer<Float> {
    linearScratch(thread) + linearScratch
  }
}
