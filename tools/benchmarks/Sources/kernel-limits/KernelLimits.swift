import ArgumentParser
import KernelWorkloads
import TensorKernels

/// Prints one table: every kernel, and how much of its limit it reaches.
@main
struct KernelLimits: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-limits",
    abstract: "Measure each kernel against the machine's limit, the two in turns.",
    discussion: """
      A row is one kernel at one shape: the medians of its rate and of its limit, measured in turns, \
      and the median of their ratios. The limits are summing memory of the same size and chains of \
      arithmetic that touch no memory, both on the same threads. EMEND_ISA chooses the instruction \
      set, as for emend.

        kernel-limits
        kernel-limits -t 1 matmul matvec
      """)

  @Argument(help: "Only workloads whose name begins with one of these words.")
  var names: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Threads. (default: one for each physical core)", valueName: "n"))
  var threads = ThreadPool.physicalCoreCount

  @Option(
    name: [.short, .long], help: ArgumentHelp("Timed turns of each workload.", valueName: "n"))
  var repetitions = 5

  @Option(help: ArgumentHelp("Seconds of each turn, at least.", valueName: "s"))
  var seconds = 0.03

  func validate() throws {
    guard threads >= 1, repetitions >= 1, seconds > 0 else {
      throw ValidationError("-t and -r must be at least 1, and --seconds positive")
    }
  }

  func run() throws {
    let set = try InstructionSet.selected()
    let workloads = Workload.all(set).filter { workload in
      names.isEmpty || names.contains { workload.name.hasPrefix($0) }
    }
    guard !workloads.isEmpty else {
      throw ValidationError("no workload's name begins so; see them all by giving no name")
    }
    let pool = ThreadPool(threads: threads)
    let meter = LimitMeter(set, pool: pool)
    print("instruction set \(set.rawValue), threads \(threads), median of \(repetitions)\n")
    print("| kernel | shape | rate | limit | | of the limit |\n|---|---|---:|---:|---|---:|")
    for workload in workloads {
      let turns = Turns(workload, set, pool, meter, count: repetitions, seconds: seconds)
      print(
        "| \(workload.name) | \(workload.shape) | \(fixed(turns.rate / 1e9)) \(workload.limit.unit)"
          + " | \(fixed(turns.limit / 1e9)) | \(workload.limit.name)"
          + " | \(fixed(100 * turns.ratio)) % |")
    }
  }

  private func fixed(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// A kernel and its limit, measured in turns so that both meet the same machine.
struct Turns {
  let rate: Double
  let limit: Double
  let ratio: Double

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
    var rates: [Double] = []
    var limits: [Double] = []
    for _ in 0..<count {
      limits.append(meter.rate(workload.limit, seconds: seconds))
      let time = ContinuousClock().measure { for _ in 0..<runs { run() } } / .seconds(1)
      rates.append(workload.amount * Double(runs) / time)
    }
    rate = median(rates)
    limit = median(limits)
    ratio = median(zip(rates, limits).map { $0 / $1 })
  }
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
