import KernelInterface
import LatentEditing
import TensorKernels

/// A backward pass through heads, site by site as the gradients of latents come, and then through what the sites share.
///
///     var pass = EditorHeadsBackward(state, count: batch)
///     pass.run(site: site, dLatents, to: gradients, linear)      // each site once, in any order
///     pass.finish(to: gradients, linear) { site, dStates in ... }
///
/// What a site has for itself gets its gradients in `run`; what several sites add to, in `finish`, in the order of the
/// sites, so that the order of `run` changes no bit.
struct EditorHeadsBackward {
  private let state: EditorHeadsState
  private let count: Int
  /// Gradients of the inputs `[S][count][E]`; of shared heads those of the latents are kept, `[S][count][P d]`.
  private var kept: [Float]
  private let keptWidth: Int
  private var seen = 0

  private var heads: EditorHeads { state.heads }
  private var isShared: Bool { heads.configuration.heads == .shared }

  /// Over what `forward` has computed for the first `count` rows of every site.
  init(_ state: EditorHeadsState, count: Int) {
    self.state = state
    self.count = count
    keptWidth =
      state.heads.configuration.heads == .shared ? state.heads.latentCount : state.heads.width
    kept = [Float](repeating: 0, count: state.heads.siteCount * count * keptWidth)
  }

  /// Adds the gradients of one site's own parameters to `gradients`, of the heads' layout, given those of its latents,
  /// `[count][P d]`.
  ///
  /// Of centred heads with gates `penalty` is what a gate that is open costs, for each row.
  mutating func run(
    site: Int, _ dLatents: [Float], to gradients: ParameterStore, _ linear: HeadLinear,
    penalty: Float = 0
  ) {
    precondition(dLatents.count == count * heads.latentCount)
    let layer = heads.configuration.layers[site]
    let x = rows(state.inputs, site, heads.width)
    let (dOwn, dRead) = differentiateOwn(site: site, dLatents, x, penalty: penalty)
    var result: [Float]
    switch heads.configuration.heads {
    case .perLayer:
      result = differentiate("heads.\(layer).weight", dOwn, x, to: gradients, linear)
      addBias("heads.\(layer).bias", dLatents, to: gradients, linear)
    case .shared: result = dLatents
    case .rank(let rank):
      let middle = rows(state.middles, site, rank)
      let dMiddle = differentiate("heads.\(layer).up", dOwn, middle, to: gradients, linear)
      addBias("heads.\(layer).bias", dLatents, to: gradients, linear)
      result = differentiate("heads.\(layer).down", dMiddle, x, to: gradients, linear)
    }
    for (i, value) in dRead.enumerated() { result[i] += value }
    kept.replaceSubrange(range(site), with: result)
    seen += 1
  }

  /// Of centred heads the gradients of what the head itself makes, `[count][P d]`, and what the gates add to those of its
  /// input, `[count][E]`, nothing where they do not read; the gates' own are added to theirs.
  private func differentiateOwn(
    site: Int, _ dLatents: [Float], _ x: [Float], penalty: Float
  ) -> (own: [Float], read: [Float]) {
    guard let centring = heads.centring else { return (dLatents, []) }
    let (size, width) = (heads.latentCount, heads.width)
    let c = rows(state.own, site, size)
    var own: [Float] = []
    own.reserveCapacity(dLatents.count)
    let reads = centring.gating == .ofInstruction
    var dRead = [Float](repeating: 0, count: reads ? count * width : 0)
    for row in 0..<count {
      let place = site * state.batch + row
      let part = row * size..<(row + 1) * size
      let found = centring.differentiate(
        site: site, own: Array(c[part]), z: state.gates[place], Array(dLatents[part]))
      own += found.own
      guard let gates = centring.gates, centring.isOpen[site] else { continue }
      let slope = x.withUnsafeBufferPointer {
        HardConcrete.probability(
          centring.openness(site: site, $0.baseAddress! + row * width)
        ).slope
      }
      let dOpen = found.gate * state.slopes[place] + penalty * Float(slope)
      gates.gradients.floats(of: "sites.open")[site] += dOpen
      guard reads else { continue }
      let weights = gates.parameters.floats(of: "sites.read").baseAddress! + site * width
      let gradients = gates.gradients.floats(of: "sites.read").baseAddress! + site * width
      for i in 0..<width {
        gradients[i] += dOpen * x[row * width + i]
        dRead[row * width + i] = dOpen * weights[i]
      }
    }
    return (own, dRead)
  }

  /// Adds the gradients of what sites share, gates excepted, and hands `body` those of each site's states, `[count][E]`.
  /// All sites must have been run.
  func finish(
    to gradients: ParameterStore, _ linear: HeadLinear,
    _ body: (_ site: Int, _ dStates: [Float]) -> Void
  ) {
    precondition(seen == heads.siteCount, "a site was left out")
    let width = heads.width
    for site in 0..<heads.siteCount {
      var dx = Array(kept[range(site)])
      if isShared {
        let g = dx
        let x = rows(state.inputs, site, width)
        dx = differentiate("heads.shared.weight", g, x, to: gradients, linear)
        addBias("heads.shared.bias", g, to: gradients, linear)
        let embedding = gradients.floats(of: "heads.layers").baseAddress! + site * width
        for row in 0..<count {
          for i in 0..<width { embedding[i] += dx[row * width + i] }
        }
      }
      var dStates = [Float](repeating: 0, count: count * width)
      dStates.withUnsafeMutableBufferPointer { dStates in
        linear.normBackward(
          "norm", state.states + site * state.batch * width, dx, rows: count,
          dx: dStates.baseAddress!, to: gradients)
      }
      body(site, dStates)
    }
  }

  private func range(_ site: Int) -> Range<Int> {
    site * count * keptWidth..<(site + 1) * count * keptWidth
  }

  private func addBias(
    _ name: String, _ g: [Float], to gradients: ParameterStore, _ linear: HeadLinear
  ) {
    linear.addColumnSums(name, g, rows: count, width: heads.latentCount, to: gradients)
  }

  /// dW += g x^T and dx = W^T g.
  private func differentiate(
    _ name: String, _ g: [Float], _ x: [Float], to gradients: ParameterStore, _ linear: HeadLinear
  ) -> [Float] {
    linear.addGradient(name, g, x, rows: count, to: gradients)
    return linear.applyTransposed(name, g, rows: count)
  }

  private func rows(_ values: UnsafePointer<Float>, _ site: Int, _ width: Int) -> [Float] {
    Array(
      UnsafeBufferPointer(start: values + site * state.batch * width, count: count * width))
  }
}
