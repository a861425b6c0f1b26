import Foundation
import TensorKernels
import TestSupport
import Testing

/// The gradients of elementwise operations and of losses, against their formulas in double precision;
/// the formulas against differences of the operations themselves.
@Suite struct GradientTests {
  private let counts = [1, 15, 16, 17, 72, 576]

  /// With s = 1 / sqrt(mean(x^2) + epsilon), u = weight * dy:
  /// dx_i = s u_i - s^3 x_i / n sum(u x).
  private func rmsNormGradient(
    _ x: [Float], _ weight: [Float], _ epsilon: Float, _ dy: [Float]
  ) -> [Double] {
    let n = Double(x.count)
    let square = x.reduce(0) { $0 + Double($1) * Double($1) } / n
    let s = 1 / (square + Double(epsilon)).squareRoot()
    let u = zip(weight, dy).map { Double($0) * Double($1) }
    let product = zip(u, x).reduce(0) { $0 + $1.0 * Double($1.1) }
    return x.indices.map { s * u[$0] - s * s * s * Double(x[$0]) / n * product }
  }

  /// Sums of up to 576 terms in 16 chains round some 50 times, everything else fewer than 10 times:
  /// 60 units of the two parts' sizes.
  @Test(arguments: InstructionSet.available)
  func rmsNormBackwardMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 61)
    for count in counts {
      let x = randomFloats(count, &random)
      let weight = randomFloats(count, &random)
      let dy = randomFloats(count, &random)
      let wanted = rmsNormGradient(x, weight, 1e-5, dy)
      var dx = [Float](repeating: .nan, count: count + 1)
      set.kernels.gradients.rmsNormBackward(x, weight, 1e-5, dy, count, &dx, 0)
      let size = zip(weight, dy).reduce(0) { $0 + abs(Double($1.0) * Double($1.1)) }
      let square = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
      let bound = 60 * unit * (size + 1) / (square + 1e-5).squareRoot()
      for i in 0..<count { #expect(abs(Double(dx[i]) - wanted[i]) <= bound) }
      #expect(dx[count].isNaN, "written past the end")

      var sum = randomFloats(count, &random)
      let before = sum
      set.kernels.gradients.rmsNormBackward(x, weight, 1e-5, dy, count, &sum, 1)
      for i in 0..<count {
        #expect(abs(Double(sum[i]) - Double(before[i]) - wanted[i]) <= bound + 2 * unit)
      }
    }
  }

  /// The formula is the derivative of RMSNorm: differences of step h in double precision are off by
  /// h^2 times a third derivative of the order of one.
  @Test func rmsNormFormulaIsTheDerivative() {
    var random = SplitMix64(seed: 62)
    let count = 12
    let x = randomFloats(count, &random)
    let weight = randomFloats(count, &random)
    let dy = randomFloats(count, &random)
    func loss(_ x: [Double]) -> Double {
      let square = x.reduce(0) { $0 + $1 * $1 } / Double(count)
      let s = 1 / (square + 1e-5).squareRoot()
      return x.indices.reduce(0) { $0 + x[$1] * s * Double(weight[$1]) * Double(dy[$1]) }
    }
    let gradient = rmsNormGradient(x, weight, 1e-5, dy)
    for i in 0..<count {
      var up = x.map(Double.init)
      var down = up
      up[i] += 1e-4
      down[i] -= 1e-4
      #expect(abs((loss(up) - loss(down)) / 2e-4 - gradient[i]) <= 1e-5)
    }
  }

  /// d silu(g) u: the exponential is good to four roundings, the rest rounds some six times.
  @Test(arguments: InstructionSet.available)
  func swiGLUBackwardMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 63)
    for count in counts {
      let gate = randomFloats(count, size: 4, &random)
      let up = randomFloats(count, &random)
      let d = randomFloats(count, &random)
      var dGate = gate + [.nan]
      var dUp = up + [.nan]
      set.kernels.gradients.swiGLUBackward(&dGate, &dUp, d, count)
      for i in 0..<count {
        let g = Double(gate[i])
        let s = 1 / (1 + exp(-g))
        let wantedUp = Double(d[i]) * g * s
        // Where 1 + g (1 - s) cancels, the error is that of its parts.
        let size = abs(Double(d[i]) * Double(up[i]) * s) * (1 + abs(g))
        let wantedGate = Double(d[i]) * Double(up[i]) * s * (1 + g * (1 - s))
        #expect(abs(Double(dUp[i]) - wantedUp) <= 12 * unit * abs(wantedUp))
        #expect(abs(Double(dGate[i]) - wantedGate) <= 16 * unit * size)
      }
      #expect(dGate[count].isNaN && dUp[count].isNaN, "written past the end")
    }
  }

  private func softmax(_ x: [Float]) -> [Double] {
    let peak = Double(x.max()!)
    let powers = x.map { exp(Double($0) - peak) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The exponentials are good to four roundings, a sum of up to 50,000 in 64 chains rounds 800 times
  /// in the worst case.
  @Test(arguments: InstructionSet.available, [1, 15, 64, 65, 1000, 49_152])
  func softmaxMatchesDouble(set: InstructionSet, count: Int) {
    var random = SplitMix64(seed: 64)
    let logits = randomFloats(count, size: 10, &random)
    let teacher = randomFloats(count, size: 10, &random)
    func sums(_ x: [Float]) -> (peak: Float, sum: Float) {
      var peak: Float = 0
      var sum: Float = 0
      set.kernels.gradients.softmaxSums(x, x.count, &peak, &sum)
      return (peak, sum)
    }
    let (peak, sum) = sums(logits)
    #expect(peak == logits.max())
    let powers = logits.map { exp(Double($0) - Double(peak)) }
    let wantedSum = powers.reduce(0, +)
    #expect(abs(Double(sum) - wantedSum) <= 810 * unit * wantedSum)

    let p = softmax(logits)
    var scaled = logits + [.nan]
    set.kernels.gradients.softmaxScaled(&scaled, count, peak, 2 / sum)
    for i in 0..<count { #expect(abs(Double(scaled[i]) - 2 * p[i]) <= 820 * unit * 2 * p[i]) }
    #expect(scaled[count].isNaN, "written past the end")

    let q = softmax(teacher)
    let (teacherPeak, teacherSum) = sums(teacher)
    var difference = logits + [.nan]
    let product = set.kernels.gradients.softmaxDifference(
      &difference, teacher, count, peak, sum, teacherPeak, teacherSum, 2, 0.5)
    for i in 0..<count {
      let wanted = 2 * p[i] - 0.5 * q[i]
      #expect(abs(Double(difference[i]) - wanted) <= 830 * unit * (2 * p[i] + 0.5 * q[i]))
    }
    #expect(difference[count].isNaN, "written past the end")
    // KL(q || p) = the sum returned - ln sum q's + ln sum p's.
    let terms = (0..<count).map { i in
      q[i] * ((Double(teacher[i]) - Double(teacherPeak)) - (Double(logits[i]) - Double(peak)))
    }
    let size = terms.reduce(0) { $0 + abs($1) } + 1
    #expect(abs(Double(product) - terms.reduce(0, +)) <= 4000 * unit * size)
  }
}
