import EditorTraining
import Foundation
import KernelInterface
import TensorKernels
import TestSupport
import Testing

@Suite struct EightBitMomentTests {
  /// The numbers that codes stand for are those of bitsandbytes' map, which rounds some five times
  /// where the parts are at least a tenth: 50 units.
  @Test(arguments: InstructionSet.available, ["signed", "unsigned"])
  func codesAreTheDynamicMap(set: InstructionSet, name: String) throws {
    let map = try TensorFixture("optimizer/dynamic.safetensors").values(name)
    let codes = (0..<256).map { UInt8($0) }
    var decoded = [Float](repeating: .nan, count: 256)
    set.kernels.optimizers.decodeMoments(codes, [1], 256, name == "signed" ? 0 : 1, &decoded)
    for (found, wanted) in zip(decoded.sorted(), map) {
      #expect(abs(Double(found) - Double(wanted)) <= 50 * unit * Double(abs(wanted)))
    }
  }

  /// With beta1 = beta2 = 0 the moments are the gradient and its square. Numbers are rounded to the
  /// nearest of the map: but for ties, decided by rounding, as near as what NumPy's search finds. No
  /// square but 0 becomes 0.
  @Test(arguments: InstructionSet.available)
  func roundsToTheNearest(set: InstructionSet) throws {
    let fixture = try TensorFixture("optimizer/dynamic.safetensors")
    let values = try fixture.values("values")
    let smallest = try fixture.values("unsigned")[1]
    let count = values.count
    let blocks = (count + 255) / 256
    var parameters = [Float](repeating: 0, count: count)
    var gradients = values
    var firstCodes = [UInt8](repeating: 0, count: count)
    var secondCodes = firstCodes
    var firstScales = [Float](repeating: 0, count: blocks)
    var secondScales = firstScales
    var scratch = [Float](repeating: 0, count: 512)
    let constants: [Float] = [1, 1, 0, 1, 1, 1, 1, 1]
    let kernels = set.kernels.optimizers
    kernels.adamStepBytes(
      &parameters, &gradients, &firstCodes, &firstScales, &secondCodes, &secondScales, count,
      constants, &scratch)
    var first = [Float](repeating: .nan, count: count)
    var second = first
    kernels.decodeMoments(firstCodes, firstScales, count, 0, &first)
    kernels.decodeMoments(secondCodes, secondScales, count, 1, &second)

    let wantedFirst = try fixture.values("values.rounded")
    let wantedSecond = try fixture.values("squares.rounded")
    var raised = 0
    for i in 0..<count {
      let x = values[i]
      #expect(abs(first[i] - x) <= abs(wantedFirst[i] - x) * 1.0001 + 1e-6 * abs(x))
      if x != 0, wantedSecond[i] == 0 {
        #expect(abs(second[i] / secondScales[i / 256] - smallest) <= 1e-6 * smallest)
        raised += 1
      } else {
        #expect(
          abs(second[i] - x * x) <= abs(wantedSecond[i] - x * x) * 1.0001 + 1e-6 * x * x)
      }
      #expect((second[i] == 0) == (x == 0))
    }
    #expect(raised > 100, "the case is there")
  }

  /// One parameter of a block has a gradient 1e8 times that of the others, whose second moments are
  /// therefore far below what the codes hold: they take steps of at most the learning rate, with the
  /// quarter that m may be rounded up by, and none when the gradients stop.
  @Test func smallMomentsBesideLargeOnesDoNotExplode() throws {
    let weights = Weights([256])
    let rate: Float = 1e-3
    let optimizer = try AdamW(
      AdamW.Options(kind: .eightBit), groups: [OptimizerGroup(name: "all", learningRate: rate)],
      ranges: weights.ranges(), pool: Pools.one)
    var before = Array(weights.parameters[0])
    for step in 0..<60 {
      if step < 40 {
        weights.gradients[0].update(repeating: 1e-6)
        weights.gradients[0][0] = 100
      }
      optimizer.step()
      let after = Array(weights.parameters[0])
      for (a, b) in zip(before, after) { #expect(abs(a - b) <= 1.25 * rate) }
      before = after
    }
  }

  /// A regression of 512 columns whose sizes differ by a factor of 30, in batches of 32 rows: the
  /// error that is left after 1200 steps differs by less than 10 percent, and both are below a
  /// ten-thousandth of where they began.
  @Test func convergesAsTheFloatsDo() throws {
    let width = 512
    func finalLoss(_ kind: AdamW.Kind) throws -> (start: Double, end: Double) {
      var random = SplitMix64(seed: 9)
      let sizes = (0..<width).map { Float(pow(10, -1.5 * Double($0) / Double(width))) }
      let target = (0..<width).map { _ in normal(&random) }
      let weights = Weights([width])
      let optimizer = try AdamW(
        AdamW.Options(kind: kind), groups: [OptimizerGroup(name: "all", learningRate: 0.05)],
        ranges: weights.ranges(), pool: Pools.one)
      let schedule = LearningRateSchedule(.cosine, warmUpSteps: 10)
      let w = weights.parameters[0]
      /// The expected square of the error: the columns are independent.
      func loss() -> Double {
        (0..<width).reduce(0) {
          $0 + pow(Double(sizes[$1]) * Double(w[$1] - target[$1]), 2)
        }
      }
      let start = loss()
      let steps = 1200
      for step in 0..<steps {
        for _ in 0..<32 {
          let x = sizes.map { $0 * normal(&random) }
          var error: Float = 0
          for i in 0..<width { error += x[i] * (w[i] - target[i]) }
          for i in 0..<width { weights.gradients[0][i] += 2 * error * x[i] / 32 }
        }
        optimizer.step(scale: schedule.factor(step: step, of: steps))
      }
      return (start, loss())
    }
    let floats = try finalLoss(.f32)
    let bytes = try finalLoss(.eightBit)
    #expect(floats.end < 1e-4 * floats.start)
    #expect(bytes.end < 1e-4 * bytes.start)
    #expect(abs(bytes.end / floats.end - 1) < 0.1)
  }
}
