import Benchmark
import KernelWorkloads
import TensorKernels

// `swift package benchmark`: the same workloads with the library's statistics, baselines and
// thresholds, to find out whether a change made a kernel slower. `kernel-limits` tells how far from
// the hardware it is.
let benchmarks: @Sendable () -> Void = {
  guard let set = try? InstructionSet.selected() else { return }
  let pool = ThreadPool()
  for workload in Workload.all(set) {
    // Thousandths of the unit, because metrics are whole numbers.
    let rate = BenchmarkMetric.custom(
      "m" + workload.limit.unit, polarity: .prefersLarger, useScalingFactor: false)
    Benchmark(
      "\(workload.name) \(workload.shape)",
      configuration: .init(
        metrics: [.wallClock, rate], warmupIterations: 1, maxDuration: .milliseconds(300),
        maxIterations: 100)
    ) { benchmark in
      let arena = Arena()
      defer { withExtendedLifetime(arena) {} }
      let run = workload.prepare(set, pool, arena)
      run()
      for _ in benchmark.scaledIterations {
        benchmark.startMeasurement()
        let time = ContinuousClock().measure(run) / .seconds(1)
        benchmark.stopMeasurement()
        benchmark.measurement(rate, Int(workload.amount / time * 1e-6))
      }
    }
  }
}
