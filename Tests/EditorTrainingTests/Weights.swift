import EditorTraining
import TensorKernels

/// Parameters and gradients of an optimizer, in parts.
final class Weights {
  let parameters: [UnsafeMutableBufferPointer<Float>]
  let gradients: [UnsafeMutableBufferPointer<Float>]

  /// Parts of these sizes, zero.
  init(_ counts: [Int]) {
    parameters = counts.map(Self.zeros)
    gradients = counts.map(Self.zeros)
  }

  deinit { for buffer in parameters + gradients { buffer.deallocate() } }

  private static func zeros(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    buffer.initialize(repeating: 0)
    return buffer
  }

  /// Part number i is of group number i, and decays.
  func ranges() -> [OptimizedRange] {
    parameters.indices.map {
      OptimizedRange(
        parameters: parameters[$0], gradients: gradients[$0], group: $0, decays: true)
    }
  }
}
