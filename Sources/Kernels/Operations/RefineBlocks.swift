// Coordinate descent on e H e^T, sixteen rows to a vector: after all columns of a row have been
// rounded, each code is looked at again in the light of all the others (as in QuantEase, arXiv
// 2309.01885), and each block's d and m are fitted again. No step can raise the cost.

/// `QuantizationKernels.RefineBlocks`. Scratch: `KernelTable.roundScratch` floats.
///
/// With g = e H, changing e_j by s changes the cost by s^2 H_jj + 2 s g_j, least at s = -g_j / H_jj:
/// the code to take is the one nearest to q_j + g_j / H_jj.
@inline(__always) func refineBlocks<G: CodeGrid>(
  _: G.Type, _ errors: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
  _ hessian: UnsafePointer<Float>, _ hessianStride: Int, _ count: Int,
  _ out: UnsafeMutableRawPointer, _ rowBytes: Int, _ scratch: UnsafeMutablePointer<Float>
) {
  let size = blockSize &* lanes
  let codes = scratch
  let words = UnsafeMutableRawPointer(scratch + 4 &* size).assumingMemoryBound(to: UInt32.self)
  let bytes = UnsafeMutableRawPointer(scratch + (4 &* size &+ 128))
  var step = G.load(out, rowBytes, count, codes)
  for _ in 0..<2 {
    refineCodes(G.self, step, errors, gradient, hessian, hessianStride, codes)
    step = refineStep(G.self, step, errors, gradient, hessian, hessianStride, codes)
  }
  refineCodes(G.self, step, errors, gradient, hessian, hessianStride, codes)
  G.store(step, codes, lanes, bytes, words)
  scatter(bytes, count, out, rowBytes, G.blockBytes)
}

@inline(__always) private func refineCodes<G: CodeGrid>(
  _: G.Type, _ step: Step, _ errors: UnsafeMutablePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ hessian: UnsafePointer<Float>, _ hessianStride: Int,
  _ codes: UnsafeMutablePointer<Float>
) {
  let inverse = reciprocal(step.d)
  for j in 0..<blockSize {
    let row = hessian + j &* hessianStride
    let old = codes.vector(j &* lanes)
    let value = G.value(old, step)
    let wish = value + gradient.vector(j &* lanes) / row.broadcast(j)
    let code = nearestCode(G.self, wish, inverse, step.m)
    let change = value - G.value(code, step)
    codes.store(code, at: j &* lanes)
    errors.store(errors.vector(j &* lanes) + change, at: j &* lanes)
    for i in 0..<blockSize {
      gradient.store(
        multiplyAdd(change, row.broadcast(i), gradient.vector(i &* lanes)), at: i &* lanes)
    }
  }
}

/// Changing d by s and m by t changes e by -s q - t. Halves; taken where the cost falls.
@inline(__always) private func refineStep<G: CodeGrid>(
  _: G.Type, _ step: Step, _ errors: UnsafeMutablePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ hessian: UnsafePointer<Float>, _ hessianStride: Int,
  _ codes: UnsafePointer<Float>
) -> Step {
  var qg = FloatVector.zero
  var og = FloatVector.zero
  var qHq = FloatVector.zero
  var oHq = FloatVector.zero
  var oHo: Float = 0
  for j in 0..<blockSize {
    let row = hessian + j &* hessianStride
    var hq = FloatVector.zero
    for i in 0..<blockSize { hq = multiplyAdd(codes.vector(i &* lanes), row.broadcast(i), hq) }
    let q = codes.vector(j &* lanes)
    let g = gradient.vector(j &* lanes)
    qg = multiplyAdd(q, g, qg)
    qHq = multiplyAdd(q, hq, qHq)
    if G.hasMinimum {
      og = og + g
      oHq = oHq + hq
      for i in 0..<blockSize { oHo += row[i] }
    }
  }
  let ones = FloatVector(repeating: oHo)
  var change = Step(d: qg / qHq, m: .zero)
  if G.hasMinimum {
    change.d = (qg * ones - og * oHq) / (qHq * ones - oHq * oHq)
    change.m = (og - change.d * oHq) / ones
  }
  change = change.withoutNaN
  let next = Step(d: step.d + change.d, m: step.m + change.m).asHalves
  let s = next.d - step.d
  let t = next.m - step.m
  var cost = s * (s * qHq - qg - qg)
  if G.hasMinimum { cost = cost + t * (t * ones - og - og) + 2 * s * t * oHq }
  let isBetter = cost .< 0
  let ds = select(isBetter, s, .zero)
  let dt = select(isBetter, t, .zero)
  for j in 0..<blockSize {
    let row = hessian + j &* hessianStride
    let e = G.hasMinimum ? ds * codes.vector(j &* lanes) + dt : ds * codes.vector(j &* lanes)
    errors.store(errors.vector(j &* lanes) - e, at: j &* lanes)
    for i in 0..<blockSize {
      gradient.store(
        gradient.vector(i &* lanes) - e * row.broadcast(i), at: i &* lanes)
    }
  }
  return step.replaced(with: next, where: isBetter)
}
