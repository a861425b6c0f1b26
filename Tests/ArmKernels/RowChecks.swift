import BlockFormats
import Driver
import KernelInterface
import TestSupport

/// Norms, activations, rotations and softmax, of lengths that leave every remainder.
func checkRows(_ c: Checker) {
  let epsilon: Float = 1e-5
  for count in [1, 3, 15, 16, 17, 31, 32, 33, 64, 100, 576] {
    let x = c.floats(count, 4)
    let w = c.floats(count, 2)
    let b = c.floats(count, 2)
    let d = c.floats(count, 2)
    let out = Bytes(count * 4, fill: 7)
    var square = 0.0
    var mean = 0.0
    for i in 0..<count {
      square += Double(x.floats[i]) * Double(x.floats[i])
      mean += Double(x.floats[i])
    }
    mean /= Double(count)
    var variance = 0.0
    for i in 0..<count {
      variance += (Double(x.floats[i]) - mean) * (Double(x.floats[i]) - mean)
    }
    let norm = 1 / driver_sqrt(square / Double(count) + Double(epsilon))
    let deviation = 1 / driver_sqrt(variance / Double(count) + Double(epsilon))
    let few = Double(count + 16) * 0x1p-22
    let rms = c.same("rmsNorm", out) {
      $0.rows.rmsNorm(x.input, w.input, epsilon, count, $1.floats)
    }
    let layer = c.same("layerNorm", out) {
      $0.rows.layerNorm(x.input, w.input, b.input, epsilon, count, $1.floats)
    }
    let gelu = c.same("gelu", out) { $0.rows.gelu(x.input, count, $1.floats) }
    let swiglu = c.same("swiGLU", out) { $0.rows.swiGLU(x.input, w.input, count, $1.floats) }
    for i in 0..<count {
      let v = Double(x.floats[i])
      let y = v * norm * Double(w.floats[i])
      c.near("rmsNorm in Double", i, rms.floats[i], y, few * magnitude(y))
      let z = (v - mean) * deviation * Double(w.floats[i]) + Double(b.floats[i])
      c.near("layerNorm in Double", i, layer.floats[i], z, few * 8 * (deviation + 4))
      let inner = 0.7978845608028654 * (v + 0.044715 * v * v * v)
      c.near("gelu in Double", i, gelu.floats[i], 0.5 * v * (1 + driver_tanh(inner)), 0x1p-19)
      let gate = v / (1 + driver_exp(-v)) * Double(w.floats[i])
      c.near("swiGLU in Double", i, swiglu.floats[i], gate, 0x1p-20 * (1 + magnitude(gate)))
    }
    c.same("geluBackward", d) { $0.gradients.geluBackward(x.input, count, $1.floats) }
    for accumulate in 0..<2 {
      c.same("rmsNormBackward", b) {
        $0.gradients.rmsNormBackward(
          x.input, w.input, epsilon, d.input, count, $1.floats, accumulate)
      }
    }
    c.same("layerNormBackward", Bytes((count + 2) * 4)) {
      $0.gradients.layerNormBackward(
        x.input, w.input, epsilon, count, d.input, $1.floats, $1.floats + count)
    }
    c.same("swiGLUBackward", c.floats(2 * count, 4)) {
      $0.gradients.swiGLUBackward($1.floats, $1.floats + count, d.input, count)
    }
    c.same("softmax", Bytes((3 * count + 6) * 4)) { table, out in
      let p = out.floats
      let tail = p + 3 * count
      for i in 0..<count {
        p[i] = x.floats[i]
        p[count + i] = w.floats[i]
        p[2 * count + i] = x.floats[i]
      }
      table.gradients.softmaxSums(p, count, tail, tail + 1)
      table.gradients.softmaxSums(p + count, count, tail + 2, tail + 3)
      tail[4] = table.gradients.softmaxDifference(
        p + 2 * count, p + count, count, tail[0], tail[1], tail[2], tail[3], 0.7, 0.3)
      table.gradients.softmaxScaled(p, count, tail[0], 1 / tail[1])
    }
    let rows = 5
    let many = c.floats(rows * count, 3)
    let moments = c.floats(2 * rows, 1)
    c.same("layerNormGradients", Bytes(2 * count * 4)) {
      $0.gradients.layerNormGradients(
        many.input, many.input, moments.input, rows, count, 0, count, $1.floats,
        $1.floats + count)
    }
    c.same("addColumnSums", b) {
      $0.gradients.addColumnSums(many.input, rows, count, 0, count, $1.floats)
    }
    let place = Bytes(4)
    for i in [0, count / 2, count - 1] {
      let bad = x.copy()
      bad.floats[i] = i % 2 == 0 ? .nan : -.infinity
      c.equal("firstNotFinite", i, c.kernels.quantization.firstNotFinite(bad.input, count), i)
    }
    c.equal("firstNotFinite", 0, c.kernels.quantization.firstNotFinite(x.input, count), -1)
    _ = place
  }
  for (heads, size, rotated) in [(1, 8, 8), (3, 64, 64), (2, 80, 32), (9, 128, 128)] {
    let cosines = c.floats(rotated / 2)
    let sines = c.floats(rotated / 2)
    let x = c.floats(heads * size, 3)
    let found = c.same("rotatePairs", x) {
      $0.rows.rotatePairs($1.floats, heads, size, rotated, cosines.input, sines.input)
    }
    for h in 0..<heads {
      for i in 0..<rotated / 2 {
        let at = h * size + 2 * i
        let (a, b) = (Double(x.floats[at]), Double(x.floats[at + 1]))
        let (u, v) = (Double(cosines.floats[i]), Double(sines.floats[i]))
        c.near("rotatePairs in Double", at, found.floats[at], a * u - b * v, 0x1p-20)
        c.near("rotatePairs in Double", at + 1, found.floats[at + 1], a * v + b * u, 0x1p-20)
      }
    }
  }
}

/// AdamW with moments of 32 and of 8 bits.
func checkOptimizers(_ c: Checker) {
  let constants = Bytes([0.5, 0.1, 0.999, 0.001, 0.9999, 1e-3, 0.5, 1e-8] as [Float])
  for count in [16, 256, 272, 1040] {
    let start = c.floats(4 * count)
    for i in 0..<count { start.floats[3 * count + i] = magnitudeOf(start.floats[3 * count + i]) }
    c.same("adamStep", start) {
      $0.optimizers.adamStep(
        $1.floats, $1.floats + count, $1.floats + 2 * count, $1.floats + 3 * count, count,
        constants.input)
    }
    c.equal(
      "sumOfSquares", count,
      Int(bitPattern: UInt(c.kernels.optimizers.sumOfSquares(start.input, count).bitPattern)),
      Int(
        bitPattern: UInt(
          (c.plain ?? c.kernels).optimizers.sumOfSquares(start.input, count).bitPattern)))
    let blocks = (count + 255) / 256
    let memory = Bytes(2 * count * 4 + 2 * blocks * 4 + 2 * count)
    for i in 0..<2 * count { memory.floats[i] = start.floats[i] }
    c.same("adamStepBytes", memory) { table, out in
      let scales = out.floats + 2 * count
      let codes = out.bytes + (2 * count + 2 * blocks) * 4
      let scratch = Bytes(2 * 256 * 4)
      for step in 0..<3 {
        if step > 0 { for i in 0..<count { out.floats[count + i] = start.floats[count + i] } }
        table.optimizers.adamStepBytes(
          out.floats, out.floats + count, codes, scales, codes + count, scales + blocks, count,
          constants.input, scratch.floats)
      }
    }
  }
  let codes = Bytes((0..<256).map { UInt8($0) })
  let scales = Bytes([0.37] as [Float])
  for second in 0..<2 {
    c.same("decodeMoments", Bytes(256 * 4)) {
      $0.optimizers.decodeMoments(codes.bytes, scales.input, 256, second, $1.floats)
    }
  }
}

func magnitudeOf(_ x: Float) -> Float { x < 0 ? -x : x }
