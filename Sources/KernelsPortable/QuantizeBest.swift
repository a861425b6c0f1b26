// The block nearest to its values: minimises sum_i w_i (x_i - d q_i - m)^2 over codes, d and m.
//
// For given codes the best d and m are a weighted least-squares fit; for given d and m the best
// codes are the nearest. Each candidate step gives codes, and their fit's error in closed form; the
// best candidate is then refined by alternating between the two, d and m as the halves they will be
// stored as. The reference quantizer's step takes part, so the result is never worse than it.

/// What a weighted least-squares fit of x = d q + m needs to know; x less `origin`, so that nothing
/// cancels in a block far from zero.
struct Fit {
  var q = FloatVector.zero
  var qq = FloatVector.zero
  var qx = FloatVector.zero

  @inline(__always) mutating func add<G: CodeGrid>(
    _: G.Type, _ w: FloatVector, _ x: FloatVector, _ code: FloatVector
  ) {
    let weighted = w * code
    qq = multiplyAdd(weighted, code, qq)
    qx = multiplyAdd(weighted, x, qx)
    if G.hasMinimum { q = q + weighted }
  }

  /// The fit, and how much of sum w x^2 it explains. Where the codes that count are all alike they say
  /// nothing about d, which then stays `d`; without m, both are no numbers there.
  @inline(__always) func solve<G: CodeGrid>(
    _: G.Type, _ total: Totals, _ d: FloatVector
  ) -> (step: Step, explained: FloatVector) {
    guard G.hasMinimum else {
      let d = qx / qq
      return (Step(d: d, m: .zero), d * qx)
    }
    let mean = q / total.w
    let spread = qq - mean * q
    let isDetermined = spread .> qq * FloatVector(repeating: 1e-5)
    let fitted = select(isDetermined, (qx - mean * total.x) / spread, d)
    let m = (total.x - fitted * q) / total.w
    let explained =
      fitted * (qx + qx - fitted * qq - 2 * m * q) + m * (total.x + total.x - m * total.w)
    return (Step(d: fitted, m: m + total.origin), explained)
  }
}

/// Sums over a block that do not depend on its codes.
struct Totals {
  var w: FloatVector
  var x: FloatVector
  var origin: FloatVector
}

/// The best step for each of sixteen blocks; halves. `weights` is a tile, or nil for equal weights.
@inline(__always) func bestStep<G: CodeGrid>(
  _: G.Type, _ tile: UnsafePointer<Float>, _ weights: UnsafePointer<Float>?
) -> Step {
  let extreme = extreme(tile)
  let (smallest, largest) = range(tile)
  let origin = G.hasMinimum ? smallest : .zero
  var total = Totals(w: .zero, x: .zero, origin: origin)
  if G.hasMinimum {
    for i in 0..<blockSize {
      let w = weight(weights, i)
      total.w = total.w + w
      total.x = multiplyAdd(w, tile.vector(i &* lanes) - origin, total.x)
    }
  }

  var best = G.reference(extreme, smallest, largest).asHalves
  var (bestError, next) = evaluate(G.self, best, tile, weights, total)
  var mostExplained = FloatVector(repeating: -.infinity)
  for index in 0..<G.candidateCount {
    let step = G.candidate(index, extreme, smallest, largest)
    let inverse = reciprocal(step.d)
    var fit = Fit()
    for i in 0..<blockSize {
      let x = tile.vector(i &* lanes)
      let code = G.code(x, inverse, step.m)
      fit.add(G.self, weight(weights, i), G.hasMinimum ? x - origin : x, code)
    }
    let (fitted, explained) = fit.solve(G.self, total, step.d)
    let isBetter = explained .> mostExplained
    mostExplained = select(isBetter, explained, mostExplained)
    next = next.replaced(with: fitted, where: isBetter)
  }
  for _ in 0..<3 {
    let step = next.asHalves
    let (error, refined) = evaluate(G.self, step, tile, weights, total)
    let isBetter = error .< bestError
    bestError = select(isBetter, error, bestError)
    best = best.replaced(with: step, where: isBetter)
    next = refined
  }
  return best
}

/// The error of the nearest codes, and the fit to these codes.
@inline(__always) private func evaluate<G: CodeGrid>(
  _: G.Type, _ step: Step, _ tile: UnsafePointer<Float>, _ weights: UnsafePointer<Float>?,
  _ total: Totals
) -> (error: FloatVector, refined: Step) {
  let inverse = reciprocal(step.d)
  var error = FloatVector.zero
  var fit = Fit()
  for i in 0..<blockSize {
    let x = tile.vector(i &* lanes)
    let w = weight(weights, i)
    let code = G.code(x, inverse, step.m)
    let miss = x - G.value(code, step)
    error = multiplyAdd(w * miss, miss, error)
    fit.add(G.self, w, G.hasMinimum ? x - total.origin : x, code)
  }
  return (error, fit.solve(G.self, total, step.d).step)
}

@inline(__always) private func weight(_ weights: UnsafePointer<Float>?, _ i: Int) -> FloatVector {
  if let weights { weights.vector(i &* lanes) } else { FloatVector(repeating: 1) }
}

/// `count` blocks of a tile, each the best.
@inline(__always) func quantizeBest<G: CodeGrid>(
  _: G.Type, _ tile: UnsafePointer<Float>, _ weights: UnsafePointer<Float>?, _ count: Int,
  _ out: UnsafeMutableRawPointer, _ words: UnsafeMutablePointer<UInt32>
) {
  let step = bestStep(G.self, tile, weights)
  let inverse = reciprocal(step.d)
  G.store(step, count, out, words) { i in G.code(tile.vector(i &* lanes), inverse, step.m) }
}
