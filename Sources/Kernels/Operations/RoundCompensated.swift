// Rounding that makes good for its own errors (GPTQ, arXiv 2210.17323), sixteen rows to a vector.
//
// With H = sum x x^T over the inputs x of a linear layer, quantizing a row w as q changes the layer's
// output by e H e^T, e = w - q. Factor H = S^T S with S lower triangular: e H e^T = |S e|^2, whose
// component j is S_jj (e_j + sum_{k<j} A_jk e_k), A = S with rows divided by their diagonal. So going
// through the columns in order, the value to be rounded is u_j = w_j + sum_{k<j} A_jk e_k, and what
// rounding leaves costs S_jj^2 = D_j times its square. That is GPTQ's recurrence, written with H's
// factor in place of its inverse's (QuIP, arXiv 2307.13304, shows that both are one).
//
// A block's d and m must be chosen before its first column: all candidates run through the block and
// are judged by that cost, then refined by least squares on it.

/// `QuantizationKernels.RoundCompensated`. Scratch: `KernelTable.roundScratch` floats.
@inline(__always) func roundCompensated<G: CodeGrid>(
  _: G.Type, _ values: UnsafeMutablePointer<Float>, _ feedback: UnsafePointer<Float>,
  _ factor: UnsafePointer<Float>, _ factorStride: Int, _ costs: UnsafePointer<Float>,
  _ count: Int, _ out: UnsafeMutableRawPointer, _ rowBytes: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let size = blockSize &* lanes
  let targets = scratch  // w plus the feedback of earlier blocks
  let errors = scratch + size
  let codes = scratch + 2 &* size
  let mixed = scratch + 3 &* size  // u if nothing in this block were rounded
  let words = UnsafeMutableRawPointer(scratch + 4 &* size).assumingMemoryBound(to: UInt32.self)
  let bytes = UnsafeMutableRawPointer(scratch + (4 &* size &+ 128))
  for i in 0..<blockSize {
    targets.store(values.vector(i &* lanes) + feedback.vector(i &* lanes), at: i &* lanes)
  }
  for j in 0..<blockSize {
    mixed.store(
      dot(factor + j &* factorStride, values, j, targets.vector(j &* lanes)), at: j &* lanes)
  }

  let shape = BlockShape(targets)
  var best = G.reference(shape).asHalves
  var bestCost = passThrough(
    G.self, best, values, targets, factor, factorStride, costs, errors, codes)
  for index in 0..<G.candidateCount {
    let step = G.candidate(index, shape).asHalves
    let cost = passThrough(
      G.self, step, values, targets, factor, factorStride, costs, errors, codes)
    let isBetter = cost .< bestCost
    bestCost = select(isBetter, cost, bestCost)
    best = best.replaced(with: step, where: isBetter)
  }
  for _ in 0..<3 {
    _ = passThrough(G.self, best, values, targets, factor, factorStride, costs, errors, codes)
    let step = fitted(G.self, codes, mixed, factor, factorStride, costs).asHalves
    let cost = passThrough(
      G.self, step, values, targets, factor, factorStride, costs, errors, codes)
    let isBetter = cost .< bestCost
    bestCost = select(isBetter, cost, bestCost)
    best = best.replaced(with: step, where: isBetter)
  }
  _ = passThrough(G.self, best, values, targets, factor, factorStride, costs, errors, codes)

  for i in 0..<blockSize { values.store(errors.vector(i &* lanes), at: i &* lanes) }
  G.store(best, codes, lanes, bytes, words)
  scatter(bytes, count, out, rowBytes, G.blockBytes)
}

/// u_0 + sum_{k<j} A_jk e_k, in four chains, since one would wait for itself.
@inline(__always) private func dot(
  _ row: UnsafePointer<Float>, _ errors: UnsafePointer<Float>, _ j: Int, _ start: FloatVector
) -> FloatVector {
  var a = start
  var b = FloatVector.zero
  var c = FloatVector.zero
  var d = FloatVector.zero
  var k = 0
  while k &+ 4 <= j {
    a = multiplyAdd(errors.vector(k &* lanes), row.broadcast(k), a)
    b = multiplyAdd(errors.vector((k &+ 1) &* lanes), row.broadcast(k &+ 1), b)
    c = multiplyAdd(errors.vector((k &+ 2) &* lanes), row.broadcast(k &+ 2), c)
    d = multiplyAdd(errors.vector((k &+ 3) &* lanes), row.broadcast(k &+ 3), d)
    k &+= 4
  }
  while k < j {
    a = multiplyAdd(errors.vector(k &* lanes), row.broadcast(k), a)
    k &+= 1
  }
  return (a + b) + (c + d)
}

/// Rounds the block's columns in order with one step; returns the cost, and leaves e and the codes.
@inline(__always) private func passThrough<G: CodeGrid>(
  _: G.Type, _ step: Step, _ values: UnsafePointer<Float>, _ targets: UnsafePointer<Float>,
  _ factor: UnsafePointer<Float>, _ factorStride: Int, _ costs: UnsafePointer<Float>,
  _ errors: UnsafeMutablePointer<Float>, _ codes: UnsafeMutablePointer<Float>
) -> FloatVector {
  let inverse = reciprocal(step.d)
  var cost = FloatVector.zero
  for j in 0..<blockSize {
    let u = dot(factor + j &* factorStride, errors, j, targets.vector(j &* lanes))
    let code = nearestCode(G.self, u, inverse, step.m)
    let value = G.value(code, step)
    let left = u - value
    cost = multiplyAdd(left * costs.broadcast(j), left, cost)
    codes.store(code, at: j &* lanes)
    errors.store(values.vector(j &* lanes) - value, at: j &* lanes)
  }
  return cost
}

/// The d and m of least cost for given codes: component j of S e is S_jj (a_j - d b_j - m c_j) with
/// a = `mixed`, b = (I + A) q, c = (I + A) 1.
@inline(__always) private func fitted<G: CodeGrid>(
  _: G.Type, _ codes: UnsafePointer<Float>, _ mixed: UnsafePointer<Float>,
  _ factor: UnsafePointer<Float>, _ factorStride: Int, _ costs: UnsafePointer<Float>
) -> Step {
  var ab = FloatVector.zero
  var ac = FloatVector.zero
  var bb = FloatVector.zero
  var bc = FloatVector.zero
  var cc: Float = 0
  for j in 0..<blockSize {
    let row = factor + j &* factorStride
    let a = mixed.vector(j &* lanes)
    let b = dot(row, codes, j, codes.vector(j &* lanes))
    let weighted = b * costs.broadcast(j)
    ab = multiplyAdd(weighted, a, ab)
    bb = multiplyAdd(weighted, b, bb)
    if G.hasMinimum {
      var c: Float = 1
      for k in 0..<j { c += row[k] }
      ac = multiplyAdd(a, FloatVector(repeating: c * costs[j]), ac)
      bc = multiplyAdd(weighted, FloatVector(repeating: c), bc)
      cc += c * c * costs[j]
    }
  }
  guard G.hasMinimum else { return Step(d: ab / bb, m: .zero).withoutNaN }
  let centre = FloatVector(repeating: cc)
  let d = (ab * centre - ac * bc) / (bb * centre - bc * bc)
  return Step(d: d, m: (ac - d * bc) / centre).withoutNaN
}

/// Blocks that lie one after the other to their places in rows.
@inline(__always) func scatter(
  _ blocks: UnsafeRawPointer, _ count: Int, _ out: UnsafeMutableRawPointer, _ rowBytes: Int,
  _ blockBytes: Int
) {
  for lane in 0..<count {
    (out + lane &* rowBytes).copyMemory(from: blocks + lane &* blockBytes, byteCount: blockBytes)
  }
}

extension Step {
  /// Zero where a fit had nothing to go by.
  @inline(__always) var withoutNaN: Step {
    Step(d: select(d .== d, d, .zero), m: select(m .== m, m, .zero))
  }
}
