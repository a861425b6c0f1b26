import LanguageModels
import LatentEditing

/// States that heads make in the place of those of some tokens, at the input of every block, and their gradients:
///
///     h_r(i)[l] = x_i[l],  dx_i[l] = dh_r(i)[l],  and none for what stood there
///
/// so that nothing but the keys and values of these tokens is seen of a block.
package final class PrefixInjection: DifferentiableStreamEdit {
  private let source: any LatentSource
  private let layerCount: Int
  private let width: Int
  private let rows: [Int]  // of the batch
  /// By layer, `[rows][width]`; nil until the processor has come to it.
  private var states: [[Float]?]

  /// What `source` makes when the processor comes to a block, whose number is its site's, at `rows` of the batch; it is
  /// given the gradients on the way back.
  package init(from source: any LatentSource, at rows: [Int], layerCount: Int, width: Int) {
    self.source = source
    self.rows = rows
    self.layerCount = layerCount
    self.width = width
    states = [[Float]?](repeating: nil, count: layerCount)
  }

  package var lowestPoint: Int? { 0 }
  package func edits(point: Int) -> Bool { point < layerCount }

  package func apply(point: Int, rows stream: UnsafeMutableBufferPointer<Float>) {
    let made = states[point] ?? source.latents(site: point)
    states[point] = made
    precondition(made.count == rows.count * width, "states of other tokens")
    made.withUnsafeBufferPointer { made in
      for (index, row) in rows.enumerated() {
        (stream.baseAddress! + row * width).update(
          from: made.baseAddress! + index * width, count: width)
      }
    }
  }

  package func backward(
    point: Int, rows _: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    var gradients = [Float](repeating: 0, count: rows.count * width)
    for (index, row) in rows.enumerated() {
      for i in 0..<width {
        gradients[index * width + i] = gradient[row * width + i]
        gradient[row * width + i] = 0
      }
    }
    source.differentiate(site: point, gradients)
  }
}
