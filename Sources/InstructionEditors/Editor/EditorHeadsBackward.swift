import LatentEditing
import TensorKernels

extension EditorHeadsState {
  /// The backward pass over what `forward` has computed for the first `count` rows of every site:
  /// from `dLatents` `[S][batch][P d]` to the gradients of the states, `[S][count][E]`; those of the
  /// parameters, gates excepted, are added to `gradients`, of their layout.
  func backward(
    _ dLatents: UnsafePointer<Float>, count: Int, to gradients: ParameterStore,
    _ linear: HeadLinear
  ) -> [Float] {
    let width = heads.width
    let outputs = heads.latentCount
    var dStates = [Float](repeating: 0, count: heads.siteCount * count * width)
    for (site, layer) in heads.configuration.layers.enumerated() {
      let g = rows(dLatents, site, count, outputs)
      let x = rows(inputs, site, count, width)
      let dx: [Float]
      switch heads.configuration.heads {
      case .perLayer:
        dx = differentiate("heads.\(layer).weight", g, x, count, to: gradients, linear)
        linear.addColumnSums(
          "heads.\(layer).bias", g, rows: count, width: outputs, to: gradients)
      case .shared:
        dx = differentiate("heads.shared.weight", g, x, count, to: gradients, linear)
        linear.addColumnSums(
          "heads.shared.bias", g, rows: count, width: outputs, to: gradients)
        let embedding = gradients.floats(of: "heads.layers").baseAddress! + site * width
        for row in 0..<count {
          for i in 0..<width { embedding[i] += dx[row * width + i] }
        }
      case .rank(let rank):
        let middle = rows(middles, site, count, rank)
        let dMiddle = differentiate("heads.\(layer).up", g, middle, count, to: gradients, linear)
        linear.addColumnSums(
          "heads.\(layer).bias", g, rows: count, width: outputs, to: gradients)
        dx = differentiate("heads.\(layer).down", dMiddle, x, count, to: gradients, linear)
      }
      dStates.withUnsafeMutableBufferPointer { dStates in
        linear.normBackward(
          "norm", states + site * batch * width, dx, rows: count,
          dx: dStates.baseAddress! + site * count * width, to: gradients)
      }
    }
    return dStates
  }

  /// dW += g x^T and dx = W^T g.
  private func differentiate(
    _ name: String, _ g: [Float], _ x: [Float], _ count: Int, to gradients: ParameterStore,
    _ linear: HeadLinear
  ) -> [Float] {
    linear.addGradient(name, g, x, rows: count, to: gradients)
    return linear.applyTransposed(name, g, rows: count)
  }

  private func rows(
    _ values: UnsafePointer<Float>, _ site: Int, _ count: Int, _ width: Int
  ) -> [Float] {
    Array(UnsafeBufferPointer(start: values + site * batch * width, count: count * width))
  }
}
