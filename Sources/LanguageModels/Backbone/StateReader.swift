import KernelInterface

/// Copies states out of a residual stream while a processor reads a batch, and hands their gradients
/// back to it; somebody else may add to the stream first.
final class StateReader: DifferentiableStreamEdit {
  private(set) var states: HiddenStates
  /// The gradients of `states`, for the backward pass.
  var gradients: HiddenStates?

  private let batch: TokenBatch
  private let depth: Int
  private let addition: (any BackboneAddition)?
  private let finalNorm: [Float]
  private let epsilon: Float
  private let kernels: KernelTable

  /// The states after `blocks` at `rows`, the processor's final norm applied to those after `depth`
  /// blocks.
  init(
    _ processor: Processor, _ batch: TokenBatch, depth: Int, after blocks: [Int], at rows: [Int],
    adding addition: (any BackboneAddition)?
  ) {
    self.batch = batch
    self.depth = depth
    self.addition = addition
    states = HiddenStates(
      blocks: blocks, rows: rows, width: processor.configuration.hiddenSize)
    finalNorm = processor.weights.outputNorm
    epsilon = processor.configuration.rmsNormEpsilon
    kernels = processor.kernels
  }

  var lowestPoint: Int? { (0...depth).first(where: edits(point:)) }

  func edits(point: Int) -> Bool {
    states.blocks.contains(point) || (point > 0 && addition?.adds(after: point) == true)
  }

  func apply(point: Int, rows: UnsafeMutableBufferPointer<Float>) {
    if let addition, point > 0, addition.adds(after: point) {
      addition.add(after: point, to: rows, of: batch)
    }
    let (width, blocks, chosen) = (states.width, states.blocks, states.rows)
    states.values.withUnsafeMutableBufferPointer { values in
      for (i, block) in blocks.enumerated() where block == point {
        for (j, row) in chosen.enumerated() {
          let source = rows.baseAddress! + row * width
          let target = values.baseAddress! + (i * chosen.count + j) * width
          if block == depth {
            kernels.rows.rmsNorm(source, finalNorm, epsilon, width, target)
          } else {
            target.update(from: source, count: width)
          }
        }
      }
    }
  }

  func backward(
    point: Int, rows: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    guard let gradients else { preconditionFailure("the states have no gradients") }
    let width = states.width
    gradients.values.withUnsafeBufferPointer { values in
      for (i, block) in gradients.blocks.enumerated() where block == point {
        for (j, row) in gradients.rows.enumerated() {
          let source = values.baseAddress! + (i * gradients.rows.count + j) * width
          let target = gradient.baseAddress! + row * width
          if block == depth {
            kernels.gradients.rmsNormBackward(
              rows.baseAddress! + row * width, finalNorm, epsilon, source, width, target, 1)
          } else {
            for k in 0..<width { target[k] += source[k] }
          }
        }
      }
    }
    if let addition, point > 0, addition.adds(after: point) {
      addition.backward(after: point, gradient: gradient, of: batch)
    }
  }
}
