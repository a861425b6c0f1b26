import Foundation
import TensorKernels
import TestSupport
import Testing

/// The kernels that GPT-2 needs beyond a LLaMA's.
@Suite struct GPT2KernelTests {
  /// With R = count / 16 + 20 roundings in a sum of `count` (16 chains, a tree of four, a tail of 15):
  /// the mean is off by R units of the mean magnitude, the deviation by R / 2 of itself, and
  /// the rest is some eight roundings.
  @Test(arguments: InstructionSet.available)
  func layerNormMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 51)
    for count in [1, 8, 15, 16, 17, 72, 100, 768, 2048] {
      for (size, offset) in [(Float(1), Float(0)), (1e-3, 0), (1e3, 0), (1, 10)] {
        let x = randomFloats(count, size: size, &random).map { $0 + offset }
        let weight = randomFloats(count, size: 2, &random)
        let bias = randomFloats(count, &random)
        var out = [Float](repeating: .nan, count: count + 1)
        set.kernels.rows.layerNorm(x, weight, bias, 1e-5, count, &out)
        let mean = x.reduce(0) { $0 + Double($1) } / Double(count)
        let variance =
          x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
        let scale = 1 / (variance + 1e-5).squareRoot()
        let magnitude = x.reduce(0) { $0 + abs(Double($1)) } / Double(count)
        let roundings = Double(count / 16 + 20)
        for i in 0..<count {
          let normalized = (Double(x[i]) - mean) * scale
          let wanted = normalized * Double(weight[i]) + Double(bias[i])
          let tolerance =
            abs(Double(weight[i])) * scale * magnitude * roundings * unit
            + abs(normalized * Double(weight[i])) * (roundings / 2 + 8) * unit + abs(wanted) * unit
          #expect(abs(Double(out[i]) - wanted) <= tolerance, "\(count) \(size) \(offset) \(i)")
        }
        #expect(out[count].isNaN, "written past the end")
      }
    }
  }

  /// x / (1 + e^-2u). Five roundings make 2u, and an error of it is multiplied by 2u in e^-2u, which
  /// is itself good to four; of all that a part e / (1 + e) reaches the result, and sum and quotient
  /// add two. Where e^-2u overflows, below -10, the true value is below 1e-36.
  @Test(arguments: InstructionSet.available)
  func geluMatchesDouble(set: InstructionSet) {
    var random = SplitMix64(seed: 52)
    let x: [Float] =
      [0, -0.0, 10, -10, 9.9, -9.9, -10.1, 1e30, -1e30, 1e-30, -1e-30]
      + (0..<20_000).map { Float($0) * 0.001 - 10 } + randomFloats(20_000, &random)
    for count in [1, 7, 15, 16, 17, 33, x.count] {
      var out = [Float](repeating: .nan, count: count + 1)
      set.kernels.rows.gelu(x, count, &out)
      #expect(out[count].isNaN, "written past the end")
      for i in 0..<count {
        let value = Double(x[i])
        let twoU = 2 * (2 / Double.pi).squareRoot() * (value + 0.044715 * value * value * value)
        let power = exp(-twoU)
        let wanted = value / (1 + power)
        let part = power.isInfinite ? 1 : power / (1 + power)
        let tolerance = max((part * (5 * abs(twoU) + 4) + 2.001) * unit * abs(wanted), 2e-36)
        #expect(abs(Double(out[i]) - wanted) <= tolerance, "\(value)")
      }
    }
  }
}
