import Foundation
import LanguageModels
import TensorKernels
import Testing

/// How long GPT-2 small takes, on a machine with nothing else to do: `EMEND_SPEED=1 swift test ...`.
@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["EMEND_SPEED"] != nil, "needs EMEND_SPEED"),
  .serialized)
struct GPT2SpeedTests {
  private let model: GPT2
  private let multiplications: Double  // by weights, of one token

  init() throws {
    model = try GPT2(GPT2Configuration.small, seed: 1, pool: ThreadPool(threads: 2))
    let c = model.configuration
    multiplications = Double(
      c.blockCount * (4 * c.width * c.width + 2 * c.width * c.innerWidth))
  }

  /// 45 ms for an instruction of 32 tokens with two threads of the machine it was asked for: half as
  /// much again as 200 GFLOP/s would take.
  @Test func readsAnInstructionInTime() throws {
    let batch = TokenBatch([(0..<32).map { $0 * 7 }])
    let state = try GPT2State(model, rowCapacity: 32, sequenceCapacity: 1)
    let time = try best(of: 15) { try state.forward(batch) }
    report("forward, 32 tokens", time, 2 * multiplications * 32)
    #expect(time <= 0.045)
  }

  /// The backward pass makes twice the products of the forward pass; it may take half as much again as
  /// that.
  @Test func differentiatesInTime() throws {
    let batch = TokenBatch((0..<4).map { i in (0..<24).map { $0 * 7 + i } })
    let state = try GPT2State(
      model, rowCapacity: 96, sequenceCapacity: 4, keepsActivations: true)
    let backward = try GPT2Backward(state)
    let gradients = try ParameterStore(model.configuration.parameterLayout)
    let upstream = try {
      try state.forward(batch)
      return state.states(after: Array(1...12), at: batch.lastRows)
    }()
    let forward = try best(of: 7) { try state.forward(batch) }
    report("forward, 4 x 24 tokens", forward, 2 * multiplications * 96)
    let time = try best(of: 7) { backward.run(upstream, into: gradients) }
    report("backward, 4 x 24 tokens", time, 4 * multiplications * 96)
    #expect(time <= 3 * forward)
  }

  /// Seconds of the fastest of `count` runs after one that warms up.
  private func best(of count: Int, _ body: () throws -> Void) rethrows -> Double {
    try body()
    return try (0..<count).map { _ in
      try ContinuousClock().measure(body) / .seconds(1)
    }.min()!
  }

  private func report(_ what: String, _ seconds: Double, _ operations: Double) {
    let rate = Int(operations / seconds / 1e9)
    print("GPT-2 small, \(what): \(String(format: "%.1f", seconds * 1000)) ms, \(rate) GFLOP/s")
  }
}
