import KernelWorkloads
import LanguageModels
import TensorKernels

/// A rate and its limit, measured in turns so that both meet the same machine.
struct Turns {
  let rate: Double
  let limit: Double
  let ratio: Double

  /// A kernel.
  init(
    _ workload: Workload, _ set: InstructionSet, _ pool: ThreadPool, _ meter: LimitMeter,
    count: Int, seconds: Double
  ) {
    let arena = Arena()
    defer { withExtendedLifetime(arena) {} }
    let run = workload.prepare(set, pool, arena)
    run()  // touches the memory and wakes the threads; not counted
    let once = ContinuousClock().measure(run) / .seconds(1)
    let runs = max(1, Int((seconds / once).rounded(.up)))
    self.init(count) {
      let time = ContinuousClock().measure { for _ in 0..<runs { run() } } / .seconds(1)
      return workload.amount * Double(runs) / time
    } limit: {
      meter.rate(workload.limit, seconds: seconds)
    }
  }

  /// The weights that decoding reads, against summing as much memory: tokens one after the other, from
  /// an empty cache on.
  init(decoding processor: Processor, _ meter: LimitMeter, count: Int, seconds: Double) throws {
    let state = try ProcessorState(processor, contextLength: 512)
    _ = try state.forward([1])
    let once = try ContinuousClock().measure { _ = try state.forward([1]) } / .seconds(1)
    let tokens = min(500, max(4, Int((seconds / once).rounded(.up))))
    try self.init(count) {
      state.truncate(to: 1)
      let time =
        try ContinuousClock().measure {
          for token in 1...tokens { _ = try state.forward([token]) }
        } / .seconds(1)
      return Double(processor.weightBytes * tokens) / time
    } limit: {
      meter.rate(.stream(bytes: .max), seconds: seconds)
    }
  }

  private init(
    _ count: Int, _ rate: () throws -> Double, limit: () throws -> Double
  ) rethrows {
    var rates: [Double] = []
    var limits: [Double] = []
    for _ in 0..<count {
      limits.append(try limit())
      rates.append(try rate())
    }
    self.rate = median(rates)
    self.limit = median(limits)
    ratio = median(zip(rates, limits).map { $0 / $1 })
  }
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
