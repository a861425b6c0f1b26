// The block nearest to its values: minimises sum_i w_i (x_i - d q_i - m)^2 over codes, d and m.
//
// For given codes the best d and m are a weighted least-squares fit; for given d and m the best
// codes are the nearest. Each candidate step gives codes, and their fit's error in closed form; the
// best candidate is then refined by alternating between the two, d and m as the halves they will be
// stored as. The reference quantizer's step takes part, so the result is never worse than it.
//
// Nothing is fused, so that all instruction sets give the same bytes. An element costs each candidate
// ten operations (eight where codes need no ends, thirteen with m), half on the multipliers and half
// on the adders, and each evaluation, of the reference and of each refinement, fifteen (twenty): some
// 165 for Q4_0, 140 for Q8_0, 400 for Q4_1. With vectors of sixteen, one multiplication and one
// addition a cycle, the limit is 5.2, 4.4 and 12.5 cycles for an element.

/// What a weighted least-squares fit of x = d q + m needs to know; x less `origin`, so that nothing
/// cancels in a block far from zero.
struct Fit {
  var q = FloatVector.zero
  var qq = FloatVector.zero
  var qx = FloatVector.zero

  @_transparent mutating func add<G: CodeGrid>(
    _: G.Type, _ w: FloatVector, _ x: FloatVector, _ code: FloatVector
  ) {
    let weighted = w * code
    qq = qq + weighted * code
    qx = qx + weighted * x
    if G.hasMinimum { q = q + weighted }
  }

  /// The fit, and how much of sum w x^2 it explains. Where the codes that count are all alike they say
  /// nothing about d, which then stays `d`; without m, both are no numbers there.
  @_transparent func solve<G: CodeGrid>(
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

extension Fit {
  /// The fit where it explains more than any before it, `other` elsewhere.
  @_transparent func chosen<G: CodeGrid>(
    _: G.Type, _ total: Totals, _ extent: FloatVector, _ span: Float,
    _ mostExplained: inout FloatVector, over other: Step
  ) -> Step {
    let (fitted, explained) = solve(G.self, total, extent / FloatVector(repeating: span))
    let isBetter = explained .> mostExplained
    mostExplained = select(isBetter, explained, mostExplained)
    return other.replaced(with: fitted, where: isBetter)
  }
}

/// Sums over a block that do not depend on its codes.
struct Totals {
  var w: FloatVector
  var x: FloatVector
  var origin: FloatVector
}

/// The best step for each of sixteen blocks; halves. `weights` is a tile; `shifted` is one of room.
@_transparent func bestStep<G: CodeGrid>(
  _: G.Type, _ tile: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
  _ shifted: UnsafeMutablePointer<Float>
) -> Step {
  let shape = BlockShape(tile)
  let origin = G.hasMinimum ? shape.smallest : .zero
  var total = Totals(w: .zero, x: .zero, origin: origin)
  if G.hasMinimum {
    for i in 0..<blockSize {
      let w = weights.vector(i &* lanes)
      let x = tile.vector(i &* lanes) - origin
      shifted.store(x, at: i &* lanes)
      total.w = total.w + w
      total.x = total.x + w * x
    }
  }

  var best = G.reference(shape).asHalves
  var (bestError, next) = evaluate(G.self, best, tile, weights, total)
  var mostExplained = FloatVector(repeating: -.infinity)
  let extent = G.extent(shape)
  let perExtent = reciprocal(extent)
  // Two candidates at a time, since the sums of one would wait for themselves.
  var index = 0
  while index < G.candidateCount {
    let first = G.candidate(index)
    let second = G.candidate(index &+ 1)
    let inverse0 = perExtent * FloatVector(repeating: first.span)
    let inverse1 = perExtent * FloatVector(repeating: second.span)
    let low0 = FloatVector(repeating: first.low)
    let low1 = FloatVector(repeating: second.low)
    var fit0 = Fit()
    var fit1 = Fit()
    for i in 0..<blockSize {
      let x = G.hasMinimum ? shifted.vector(i &* lanes) : tile.vector(i &* lanes)
      let w = weights.vector(i &* lanes)
      let scaled0 = G.hasMinimum ? x * inverse0 - low0 : x * inverse0
      let scaled1 = G.hasMinimum ? x * inverse1 - low1 : x * inverse1
      let code0 = G.candidatesFit ? rounded(scaled0) : nearestCode(G.self, scaled: scaled0)
      let code1 = G.candidatesFit ? rounded(scaled1) : nearestCode(G.self, scaled: scaled1)
      fit0.add(G.self, w, x, code0)
      fit1.add(G.self, w, x, code1)
    }
    next = fit0.chosen(G.self, total, extent, first.span, &mostExplained, over: next)
    next = fit1.chosen(G.self, total, extent, second.span, &mostExplained, over: next)
    index &+= 2
  }
  for _ in 0..<G.refinements {
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
@_transparent private func evaluate<G: CodeGrid>(
  _: G.Type, _ step: Step, _ tile: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
  _ total: Totals
) -> (error: FloatVector, refined: Step) {
  let inverse = reciprocal(step.d)
  var error = FloatVector.zero
  var fit = Fit()
  for i in 0..<blockSize {
    let x = tile.vector(i &* lanes)
    let w = weights.vector(i &* lanes)
    let code = nearestCode(G.self, x, inverse, step.m)
    let miss = x - G.value(code, step)
    error = error + w * miss * miss
    fit.add(G.self, w, G.hasMinimum ? x - total.origin : x, code)
  }
  return (error, fit.solve(G.self, total, step.d).step)
}

/// `count` blocks of a tile, each the best. The tile then holds their codes. `room` is another tile.
@inline(__always) func quantizeBest<G: CodeGrid>(
  _: G.Type, _ tile: UnsafeMutablePointer<Float>, _ weights: UnsafePointer<Float>, _ count: Int,
  _ out: UnsafeMutableRawPointer, _ words: UnsafeMutablePointer<UInt32>,
  _ room: UnsafeMutablePointer<Float>
) {
  let step = bestStep(G.self, tile, weights, room)
  let inverse = reciprocal(step.d)
  for i in 0..<blockSize {
    tile.store(nearestCode(G.self, tile.vector(i &* lanes), inverse, step.m), at: i &* lanes)
  }
  G.store(step, tile, count, out, words)
}
