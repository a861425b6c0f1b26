import Foundation
import TensorKernels
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  /// The sum of squares is made of positive terms, each rounded once and then added in 16 chains, a
  /// tree of four and a tail of up to 15: (count / 16 + 20) roundings relative to the whole, of which
  /// the square root halves the effect. Mean, epsilon, root, reciprocal and two products round once
  /// each.
  @Test(arguments: InstructionSet.available)
  func rmsNormMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 41)
    for count in [1, 8, 15, 16, 17, 72, 100, 576, 2048] {
      for size: Float in [1e-6, 1, 1e4] {
        for epsilon: Float in [0, 1e-5] {
          let x = randomFloats(count, size: size, &random)
          let weight = randomFloats(count, size: 2, &random)
          var out = [Float](repeating: .nan, count: count + 1)
          set.kernels.rows.rmsNorm(x, weight, epsilon, count, &out)
          let square = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
          let scale = 1 / (square + Double(epsilon)).squareRoot()
          let roundings = Double(count / 16 + 20) / 2 + 6
          let errors = (0..<count).map { i in
            let wanted = Double(x[i]) * scale * Double(weight[i])
            return abs(Double(out[i]) - wanted) / abs(wanted)
          }
          #expect(errors.max()! <= roundings * unit, "\(count) elements of size \(size)")
          #expect(out[count].isNaN, "written past the end")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func rmsNormOfZerosIsZero(set: InstructionSet) {
    var out = [Float](repeating: .nan, count: 40)
    set.kernels.rows.rmsNorm(
      [Float](repeating: 0, count: 40), [Float](repeating: 3, count: 40), 1e-5, 40, &out)
    #expect(out == [Float](repeating: 0, count: 40))
  }

  /// gate / (1 + e^-gate) * up. The exponential is good to two units in the last place, four
  /// roundings; the sum, the quotient and the product round once each. Where e^-gate overflows, at
  /// -88.7, the true value is below 1e-36.
  @Test(arguments: InstructionSet.available)
  func swiGLUMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 42)
    let gates: [Float] =
      [0, -0.0, 100, -100, 88, -88, -88.7, -89, 87.3, -87.4, 1e-30, -1e-30, 3e38, -3e38, 0.3466]
      + (0..<20_000).map { Float($0) * 0.01 - 100 } + randomFloats(20_000, &random)
    let ups = (0..<gates.count).map { _ in Float.random(in: -2...2, using: &random) }
    for count in [1, 7, 15, 16, 17, 33, gates.count] {
      var out = [Float](repeating: .nan, count: count + 1)
      set.kernels.rows.swiGLU(gates, ups, count, &out)
      #expect(out[count].isNaN, "written past the end")
      for i in 0..<count {
        let gate = Double(gates[i])
        let wanted = gate / (1 + exp(-gate)) * Double(ups[i])
        let tolerance = max(7.001 * unit * abs(wanted), 2e-36)
        guard abs(Double(out[i]) - wanted) <= tolerance else {
          Issue.record("swiGLU(\(gate), \(ups[i])) = \(out[i]), wanted \(wanted)")
          break
        }
      }
    }
  }

  /// Each of the two products and their sum round once. What is past the rotated dimensions, and
  /// past the last head, keeps its bits.
  @Test(arguments: InstructionSet.available)
  func rotatePairsMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 43)
    for (heads, headSize, rotated) in [
      (1, 8, 8), (3, 24, 24), (2, 64, 64), (4, 40, 16), (5, 128, 2),
    ] {
      let x = randomFloats(heads * headSize + 4, &random)
      let angles = (0..<rotated / 2).map { _ in Double.random(in: -7...7, using: &random) }
      let cosines = angles.map { Float(cos($0)) }
      let sines = angles.map { Float(sin($0)) }
      var out = x
      set.kernels.rows.rotatePairs(&out, heads, headSize, rotated, cosines, sines)
      for i in x.indices {
        let (head, d) = (i / headSize, i % headSize)
        guard head < heads, d < rotated else {
          #expect(out[i].bitPattern == x[i].bitPattern)
          continue
        }
        let (c, s) = (Double(cosines[d / 2]), Double(sines[d / 2]))
        let (a, b) = (Double(x[i & ~1]), Double(x[i | 1]))
        let (wanted, magnitude) =
          d % 2 == 0
          ? (a * c - b * s, abs(a * c) + abs(b * s))
          : (a * s + b * c, abs(a * s) + abs(b * c))
        #expect(abs(Double(out[i]) - wanted) <= 2.001 * unit * magnitude)
      }
    }
  }

  /// A quarter turn takes (a, b) to (-b, a): the pairs are neighbours, and the direction is that of
  /// the definition.
  @Test(arguments: InstructionSet.available)
  func quarterTurn(set: InstructionSet) {
    var x: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    set.kernels.rows.rotatePairs(&x, 1, 8, 6, [0, 0, 1], [1, 1, 0])
    #expect(x == [-2, 1, -4, 3, 5, 6, 7, 8])
  }
}
