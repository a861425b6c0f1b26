import LanguageModels
import LatentEditing
import TensorKernels

/// A control vector that is learnt: u[l] is added to the output of block l at every token, as `ControlVector` is.
///
///     h'[t] = h[t] + u[l],   dF/du[l] = sum_t dF/dh'[t],   dF/dh[t] = dF/dh'[t]
///
/// Directions lie one after the other, `[layers][width]`, in the residual stream's unit.
package final class DirectionEdit: DifferentiableStreamEdit {
  /// Blocks that have one, ascending.
  package let layers: [Int]
  /// Floats of each.
  package let width: Int
  /// u, and dF/du, which backward passes add to; the end of both fills up to sixteen floats.
  package let directions, gradients: UnsafeMutableBufferPointer<Float>
  private let memory: PageBuffer
  /// Where the direction of a point begins.
  private let places: [Int: Int]

  /// Zeros. Throws `KernelError.outOfMemory`.
  package init(layers: [Int], width: Int) throws(KernelError) {
    self.layers = layers
    self.width = width
    places = Dictionary(
      uniqueKeysWithValues: layers.enumerated().map { index, layer in
        (Placement.after.point(ofLayer: layer), index * width)
      })
    let count = (layers.count * width + 15) / 16 * 16
    memory = try PageBuffer(byteCount: 2 * count * MemoryLayout<Float>.stride)
    let floats: UnsafeMutablePointer<Float> = memory.elements()
    directions = UnsafeMutableBufferPointer(start: floats, count: count)
    gradients = UnsafeMutableBufferPointer(start: floats + count, count: count)
    directions.update(repeating: 0)
    gradients.update(repeating: 0)
  }

  package var lowestPoint: Int? { places.keys.min() }

  package func edits(point: Int) -> Bool { places[point] != nil }

  package func apply(point: Int, rows: UnsafeMutableBufferPointer<Float>) {
    let u = directions.baseAddress! + places[point]!
    for row in stride(from: 0, to: rows.count, by: width) {
      let h = rows.baseAddress! + row
      for j in 0..<width { h[j] += u[j] }
    }
  }

  package func backward(
    point: Int, rows: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    let sum = gradients.baseAddress! + places[point]!
    for row in stride(from: 0, to: gradient.count, by: width) {
      let g = gradient.baseAddress! + row
      for j in 0..<width { sum[j] += g[j] }
    }
  }

  /// Sets the directions after some blocks; those after the others become zeros.
  package func set(_ byLayer: [Int: [Float]]) {
    directions.update(repeating: 0)
    for (layer, direction) in byLayer {
      precondition(direction.count == width)
      let first = places[Placement.after.point(ofLayer: layer)]!
      for j in 0..<width { directions[first + j] = direction[j] }
    }
  }

  /// The direction after each block.
  package var byLayer: [Int: [Float]] {
    Dictionary(
      uniqueKeysWithValues: layers.enumerated().map { index, layer in
        (layer, Array(directions[index * width..<(index + 1) * width]))
      })
  }
}
