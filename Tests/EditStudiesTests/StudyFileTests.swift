import EditStudies
import Foundation
import TestSupport
import Testing

/// What a study's file says, and the script that is made of it.
@Suite struct StudyFileTests {
  private static let least = """
    study: s
    model: m.gguf
    data: [rows.jsonl]
    editors: {e: e.safetensors}

    """

  private func read(_ more: String = "") throws -> StudyConfiguration {
    let folder = try TemporaryFolder()
    return try StudyConfiguration(path: folder.file("study.yaml", Self.least + more))
  }

  @Test func presetsAreBeneathWhatTheFileSays() throws {
    #expect(try read().rows == 48)
    #expect(try read("preset: standard\n").rows == 400)
    let own = try read("rows: {unseen: 7}\npreset: full\n")
    #expect(own.rows == 7 && own.rowsPerFamily == 16 && own.pathPoints == 32)
    let kinds = try read("preset: quick\n").experiments.map(\.kind)
    #expect(!kinds.contains(.tracing) && kinds.contains(.stress) && !kinds.contains(.vectors))
    #expect(try read("preset: standard\n").experiments.map(\.kind).contains(.vectors))
    let all = try read("preset: full\n").experiments.map(\.kind)
    #expect(all.contains(.functionVectors) && !all.contains(.taskHeads))
    #expect(try !read("preset: standard\n").experiments.map(\.kind).contains(.functionVectors))
    let heads = try read(
      "experiments: {function-vectors: {tasks: 3, prompts: 4, mean_prompts: 6, families: [a, b c]}}\n"
    ).functionVectors
    #expect(heads.tasks == 3 && heads.prompts == 4 && heads.meanPrompts == 6)
    #expect(heads.families == ["a", "b c"])
    let vectors = try read("experiments: {vectors: {families: 3, steps: 24}}\n")
    #expect(vectors.vectorFamilies == 3 && vectors.vectorSteps == 24 && vectors.pathPoints == 8)
    let one = try read("experiments: {contribution: {steps: 24}}\n")
    #expect(one.experiments.map(\.kind) == [.contribution] && one.pathPoints == 24)
  }

  @Test func trainingsAreRead() throws {
    let quick = try read("preset: quick\n").experiments.map(\.kind)
    let standard = try read("preset: standard\n")
    for kind in [StudyConfiguration.Experiment.Kind.frontier, .randomSites, .permuted] {
      #expect(!quick.contains(kind) && standard.experiments.map(\.kind).contains(kind))
    }
    #expect(!standard.experiments.map(\.kind).contains(.cell))
    // One seed of four ways to few sites, five of each.
    #expect(standard.training.seeds == [0] && standard.training.kept.count == 5)
    #expect(standard.training.penalties.map(\.strengths.count) == [5, 5, 5])
    #expect(try read("preset: full\n").training.seeds == [0, 1, 2])
    let own = try read(
      "train: {steps: 40, seeds: [3, 4], learning_rate: 1e-3, backward: f32}\n"
        + "experiments: {frontier: {shrink: [1, 0.5], rank: [4, 2]}, random-sites: {sites: 3, sets: 2}}\n"
    ).training
    #expect(own.steps == 40 && own.seeds == [3, 4] && own.learningRate == 1e-3)
    #expect(own.backward == .f32 && own.penalties.map(\.kind) == [.shrink] && own.kept.isEmpty)
    #expect(own.penalties[0].strengths == [0.5, 1] && own.randomCounts == [3])
    #expect(own.ranks == [2, 4] && standard.training.ranks.isEmpty)
    #expect(own.randomSets == 2 && own.permutedSteps == 350)
    #expect(!quick.contains(.reader) && standard.experiments.map(\.kind).contains(.reader))
    #expect(standard.training.reader.steps == 400 && standard.training.reader.batchSize == 16)
    let reader = try read("experiments: {reader: {steps: 30, rank: 4, learning_rate: 2e-3}}\n")
      .training.reader
    #expect(reader.steps == 30 && reader.rank == 4 && reader.learningRate == 2e-3)
  }

  @Test(arguments: [
    ("preset: fast\n", "preset is fast, and must be quick, standard"),
    ("experimnts: {}\n", "did you mean experiments?"),
    ("experiments: {wrds: {}}\n", "did you mean words?"),
    ("experiments: {words: {steps: 4}}\n", "experiments.words.steps"),
    ("experiments: {vectors: {familes: 3}}\n", "did you mean families?"),
    ("experiments: {contribution: {steps: 0}}\n", "experiments.contribution.steps"),
    ("array: {scheduler: pbs}\n", "array.scheduler"), ("array: {cpu: 1}\n", "did you mean cpus?"),
    ("accept: {words.effect_and_gradient: \"> 0\"}\n", "did you mean words.effect_and_gradients?"),
    ("experiments: {words: {editors: [f]}}\n", "names the editor"),
    ("train: {step: 3}\n", "did you mean steps?"), ("train: {seeds: [1, 1]}\n", "train.seeds"),
    ("train: {learning_rate: -1}\n", "train.learning_rate is -1"),
    ("experiments: {frontier: {l1: [1]}}\n", "did you mean l0?"),
    ("experiments: {frontier: {l0: [0]}}\n", "experiments.frontier.l0 is 0"),
    ("experiments: {frontier: {rank: [0]}}\n", "experiments.frontier.rank is 0"),
    ("experiments: {random-sites: {sites: [3, 3]}}\n", "different whole numbers"),
    ("experiments: {reader: {step: 3}}\n", "did you mean steps?"),
    ("experiments: {reader: {steps: 0}}\n", "experiments.reader.steps is 0"),
    ("experiments: {reader: {rank: 0}}\n", "experiments.reader.rank is 0"),
    ("experiments: {reader: {learning_rate: fast}}\n", "experiments.reader.learning_rate is fast"),
    (
      "experiments: {function-vectors: {prompts: 1}}\n", "experiments.function-vectors.prompts is 1"
    ),
    ("experiments: {function-vectors: {task: 1}}\n", "did you mean tasks?"),
    ("experiments: {task-heads: {}}\n", "experiments.task-heads is not known"),
    ("experiments: {cell: {}}\n", "experiments.cell is not known"),
  ]) func badFilesAreRefused(more: String, wanted: String) throws {
    #expect {
      _ = try read(more)
    } throws: { error in
      "\(error)".replacingOccurrences(of: "'", with: "\"").contains(wanted)
    }
  }

  /// A job for each task, and a name that a shell does not take apart.
  @Test func arrayScriptsHaveATaskForEachJob() {
    var array = StudyArray()
    array.partition = "short"
    array.extra = ["--account=x"]
    let script = array.script(name: "s", config: "it's here.yaml", jobs: 5)
    #expect(script.contains("#SBATCH --array=0-4\n"))
    #expect(script.contains("#SBATCH --partition=short\n#SBATCH --account=x\n"))
    #expect(script.contains("run 'it'\\''s here.yaml' --job \"$SLURM_ARRAY_TASK_ID\""))
    array.scheduler = .none
    #expect(array.script(name: "s", config: "a.yaml", jobs: 5).contains("seq 0 4 | xargs"))
  }

  /// A task that Slurm tells to end is put into the queue again, whether it ends at once or a while later, and even where it
  /// had not begun to listen; one that fails is not.
  @Test(arguments: [
    ("trap 'exit 75' TERM", "", true, 75), ("trap 'sleep 0.3; exit 75' TERM", "", true, 75),
    ("", "", true, 143), ("", "exit 1", false, 1), ("", "exit 0", false, 0),
    ("trap 'exit 3' TERM", "", false, 3),
  ]) func toldTasksAreRequeued(
    begins: String, ends: String, isRequeued: Bool, status: Int32
  ) throws {
    let folder = try TemporaryFolder()
    func path(_ name: String) -> String { folder.url.appending(path: name).path }
    func program(_ name: String, _ text: String) throws {
      let file = path(name)
      try Data("#!/bin/bash\n\(text)\n".utf8).write(to: URL(filePath: file))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    }
    let wait = ends.isEmpty ? "touch begun; while :; do sleep 0.01; done" : ends
    try program("emend", "\(begins)\n\(wait)")
    try program("scontrol", "echo \"$*\" >requeued")
    try program("task", StudyArray().script(name: "s", config: "a.yaml", jobs: 5))
    let process = Process()
    process.executableURL = URL(filePath: path("task"))
    process.currentDirectoryURL = folder.url
    process.environment = [
      "PATH": folder.url.path + ":/usr/bin:/bin", "SLURM_ARRAY_TASK_ID": "3",
      "SLURM_ARRAY_JOB_ID": "17",
    ]
    // Threads of tests may block signals, and pass that on to what they start.
    var (none, mask) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &mask)
    let start = Result { try process.run() }
    pthread_sigmask(SIG_SETMASK, &mask, nil)
    try start.get()
    if ends.isEmpty {
      while process.isRunning, !FileManager.default.fileExists(atPath: path("begun")) {
        usleep(1000)
      }
      kill(process.processIdentifier, SIGTERM)
    }
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == status)
    let requeued = FileManager.default.contents(atPath: path("requeued"))
    #expect(
      requeued.map { String(decoding: $0, as: UTF8.self) }
        == (isRequeued ? "requeue 17_3\n" : nil))
  }
}
