import ArgumentParser
import KernelWorkloads
import LanguageModels
import ModelFiles
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
        kernel-limits -m 7b.q4_0.gguf matvec

      With a model, its decoding is a row too: the bytes of its matrices, read for every token.
      """)

  @Argument(help: "Only workloads whose name begins with one of these words.")
  var names: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("A model whose decoding is measured.", valueName: "file"))
  var model: String?

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
      show(workload.name, workload.shape, turns, workload.limit)
    }
    if let model {
      let processor = try Processor(GGUFFile(path: model), pool: pool, instructionSet: set)
      let turns = try Turns(
        decoding: processor, meter, count: repetitions, seconds: seconds)
      show("decode", "\(processor.weightBytes >> 20) MB a token", turns, .stream(bytes: .max))
    }
  }

  private func show(_ name: String, _ shape: String, _ turns: Turns, _ limit: Limit) {
    print(
      "| \(name) | \(shape) | \(fixed(turns.rate / 1e9)) \(limit.unit)"
        + " | \(fixed(turns.limit / 1e9)) | \(limit.name) | \(fixed(100 * turns.ratio)) % |")
  }

  private func fixed(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
