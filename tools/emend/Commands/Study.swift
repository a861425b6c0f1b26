import ArgumentParser
import EditStudies
import MessagePassing
import Terminal

/// Studies of editors.
struct Study: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what edits show of a model, experiment by experiment.",
    discussion: """
      A file, as below, says what is studied: the model, editors, rows as for train, and experiments. What is measured is kept job \
      by job; a study that was ended goes on where it was, and what is finished is never done again.

        emend study study.yaml
        emend study check study.yaml
        emend study array study.yaml | sbatch

        study: smollm2-edits
        preset: quick
        model: SmolLM2-135M-Instruct.Q4_1.gguf
        data: [own.jsonl]
        editors: {shipped: smollm2-135m-instruct.safetensors}

      docs/study.md has all of its keys, the experiments and their formulas. Exit code 75: interrupted; the same command \
      goes on.
      """,
    subcommands: [
      StudyGo.self, StudyCheck.self, StudyStatus.self, StudyReportCommand.self, StudyForget.self,
      StudyArrayCommand.self,
    ], defaultSubcommand: StudyGo.self)

  /// Names of what is not work that ranks share out.
  static var forOne: [String] {
    configuration.subcommands.filter { $0 != StudyGo.self }.compactMap {
      $0.configuration.commandName
    } + ["help"]
  }
}

/// The file of a study.
struct StudyFile: ParsableArguments {
  @Argument(help: "What is studied, a YAML file.")
  var config: String

  func study() throws -> StudyRun { try StudyRun(StudyConfiguration(path: config)) }
}

struct StudyGo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Measure what is missing, and write the report.",
    discussion: """
        emend study run study.yaml --job 3

      Several may run on one folder: each takes jobs that no other has. mpirun -n 4 emend study run study.yaml begins \
      four that print and end as one, where emend was built with MPI (docs/cluster.md).
      """)

  @OptionGroup var file: StudyFile
  @Option(help: "One job alone: its number in the plan from 0, its id or its name.")
  var job: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    Interrupt.installTermination()
    do {
      // Without MPI several processes are as if somebody had begun each by itself.
      try RankEnvironment.canJoin ? onRanks(run) : run(nil)
    } catch StudyError.interrupted {
      throw CommandError.resumable(work: "studying", command: Invocation.command())
    }
  }

  private func run(_ ranks: Communicator?) throws {
    let study = try Communicator.agreeing(ranks) { try file.study() }
    let printer = StudyPrinter()
    defer { printer.finish() }
    try study.run(
      only: job, ranks: ranks, isStopRequested: { Interrupt.isRequested },
      progress: printer.update)
    printer.finish()
    let verdicts = try study.verdicts()
    let missing = try job == nil ? study.unmeasured() : []
    if output.json {
      try JSON.print(verdicts + missing)
    } else {
      Console.print(StudyVerdict.table(verdicts))
      for claim in try job == nil ? study.claims() : [] {
        Console.print(claim.text)
      }
      if !missing.isEmpty {
        Console.print("\(missing.count) figures were not run; the report says which, and why")
      }
      Console.print("\(study.reportPath): the report")
    }
  }
}

/// Shows how far a job is.
final class StudyPrinter {
  private var bar: (name: String, bar: ProgressBar)?

  func update(_ job: StudyJob, _ done: Int, _ total: Int, _ note: String) {
    if bar?.name != job.name {
      finish()
      bar = (job.name, ProgressBar(job.name))
    }
    bar?.bar.update(Double(done), of: Double(max(total, 1)), note: note)
  }

  func finish() {
    bar?.bar.finish()
    bar = nil
  }
}

struct StudyCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say what would be done; nothing is written.",
    discussion: "  emend study check study.yaml")

  @OptionGroup var file: StudyFile
  @OptionGroup var output: OutputOptions

  func run() throws {
    let study = try file.study()
    let jobs = try study.status()
    guard !output.json else { return try JSON.print(jobs) }
    for job in jobs { Console.print(job.estimate) }
    Console.print("\(study.rowCount) rows")
  }
}

struct StudyStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say what is done.",
    discussion: "  emend study status study.yaml --json")

  @OptionGroup var file: StudyFile
  @OptionGroup var output: OutputOptions

  func run() throws {
    let jobs = try file.study().status()
    if output.json { try JSON.print(jobs) } else { Console.print(StudyRun.Status.table(jobs)) }
  }
}

struct StudyReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write the report of what there is.",
    discussion: "  emend study report study.yaml")

  @OptionGroup var file: StudyFile

  func run() throws {
    let study = try file.study()
    try study.report()
    Console.print(study.reportPath)
  }
}

struct StudyForget: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "Remove a job, so that it is done again.",
    discussion: "  emend study forget study.yaml contribution/shipped")

  @OptionGroup var file: StudyFile

  @Argument(help: "The job's id or name, as status says it.")
  var job: String

  func run() throws { try file.study().forget(job) }
}

struct StudyArrayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "array", abstract: "Print a script that hands the jobs to a cluster.",
    discussion: "  emend study array study.yaml | sbatch")

  @OptionGroup var file: StudyFile

  func run() throws { Console.print(try file.study().arrayScript()) }
}
