import EditorTraining
import Foundation
import Testing

@Suite struct ScheduleTests {
  /// The numbers that torch.optim.lr_scheduler.LambdaLR was given in the script of the fixture.
  @Test func cosineWithWarmUp() throws {
    let wanted = try TensorFixture("optimizer/adamw.safetensors").values("factors")
    let schedule = LearningRateSchedule(.cosine, warmUpSteps: 3, floor: 0.1)
    for (step, factor) in wanted.enumerated() {
      #expect(abs(schedule.factor(step: step, of: 12) - Double(factor)) <= 1e-7)
    }
    #expect(schedule.factor(step: 12, of: 12) == 0.1)
    #expect(schedule.factor(step: 99, of: 12) == 0.1)
  }

  @Test func linearAndConstant() {
    let linear = LearningRateSchedule(.linear, warmUpSteps: 2, floor: 0.2)
    let found = (0...6).map { linear.factor(step: $0, of: 6) }
    for (a, b) in zip(found, [0.5, 1, 1, 0.8, 0.6, 0.4, 0.2]) { #expect(abs(a - b) <= 1e-12) }
    let constant = LearningRateSchedule(.constant, warmUpSteps: 4)
    #expect((0..<6).map { constant.factor(step: $0, of: 6) } == [0.25, 0.5, 0.75, 1, 1, 1])
    // A warm-up longer than the run ends with it.
    #expect(LearningRateSchedule(.linear, warmUpSteps: 10).factor(step: 4, of: 5) == 0.5)
  }

  /// x minimizes (x - z)^2 / 2 + t |x| where 0 is a subgradient: x - z + t sign(x), or |z| <= t at 0.
  @Test func softThresholdIsTheProximalOperator() {
    var values: [Float] = [-3, -0.5, -0.25, -0.1, 0, 0.2, 0.25, 1, .nan, -.infinity]
    let before = values
    values.withUnsafeMutableBufferPointer { softThreshold($0, by: 0.25) }
    for (x, z) in zip(values, before) where z.isFinite {
      if x == 0 {
        #expect(abs(z) <= 0.25)
      } else {
        #expect(abs(x - z + (x > 0 ? 0.25 : -0.25)) <= 1e-7)
      }
    }
    #expect(values[2] == 0 && values[6] == 0)
    #expect(values[8].isNaN)
    #expect(values[9] == -.infinity)
  }

  @Test func clippingKeepsShortGradients() {
    #expect(clippingFactor(norm: 0, limit: 1) == 1)
    #expect(clippingFactor(norm: 0.5, limit: 1) == 1)
    #expect(abs(clippingFactor(norm: 4, limit: 1) - 0.25) <= 1e-6)
  }
}
