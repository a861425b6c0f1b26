import Foundation
import TestSupport
import Testing

/// `mpirun -n N emend train`, as a user starts it, where the package is built with MPI; and what is said where it is not.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct RankTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""

  private func arguments(_ folder: String, steps: Int = 12, _ more: [String] = []) -> [String] {
    [
      "train", "-m", model, "--random-rows", "10x8x4", "--batch-size", "4", "--backbone",
      "gpt2:1x16x1", "--heads", "rank-1", "--layers", "29", "--steps", "\(steps)", "--save-every",
      "0", "--steps-per-eval", "0", "--output", folder,
    ] + more
  }

  #if MPI
    /// Standard output, standard error and exit code of `ranks` ranks.
    private struct Ranks {
      var output = ""
      var errors = ""
      var status: Int32 = 0
    }

    /// Starts ranks of `emend`; `disturb` is called with mpirun's process while they run.
    private func run(
      _ ranks: Int, _ arguments: [String], _ scratch: TemporaryFolder,
      disturb: (Process) throws -> Void = { _ in }
    ) throws -> Ranks {
      try launch(["-n", "\(ranks)", EmendProcess.executable.path] + arguments, scratch, disturb)
    }

    /// Three ranks of `emend`, of which the first begins when the others have had a second to end in; `others`
    /// are their arguments where these are not the first's.
    private func runLate(
      _ arguments: [String], others: [String]? = nil, _ scratch: TemporaryFolder
    ) throws -> Ranks {
      let emend = EmendProcess.executable.path
      return try launch(
        ["-n", "1", "sh", "-c", #"sleep 1; exec "$@""#, "sh", emend] + arguments
          + [":", "-n", "2", emend] + (others ?? arguments), scratch)
    }

    /// mpirun with those arguments.
    private func launch(
      _ arguments: [String], _ scratch: TemporaryFolder,
      _ disturb: (Process) throws -> Void = { _ in }
    ) throws -> Ranks {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["mpirun", "--oversubscribe"] + arguments
      process.environment = ProcessInfo.processInfo.environment.merging([
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      ]) { $1 }
      let paths = ["output", "errors"].map { scratch.url.appending(path: $0).path }
      for path in paths { try Data().write(to: URL(fileURLWithPath: path)) }
      process.standardOutput = FileHandle(forWritingAtPath: paths[0])
      process.standardError = FileHandle(forWritingAtPath: paths[1])
      process.standardInput = FileHandle.nullDevice
      try process.run()
      try disturb(process)
      let ended = waitForEnd(of: process)
      let errors = try String(contentsOfFile: paths[1], encoding: .utf8)
      return Ranks(
        output: try String(contentsOfFile: paths[0], encoding: .utf8), errors: errors,
        status: !ended
          ? codeSaid(in: errors)
          : process.terminationReason == .exit ? process.terminationStatus : -1)
    }

    /// False where mpirun had to be killed: that of Open MPI 4.1.4 with PMIx 4.2.2 can wait for itself for ever at its very
    /// end (`PMIx_server_finalize` and a thread of its own, each for the other), when all ranks are gone.
    private func waitForEnd(of process: Process) -> Bool {
      var lonely = ContinuousClock.now
      while process.isRunning {
        usleep(20_000)
        if let ranks = try? children(process), !ranks.allSatisfy(isGone) { lonely = .now }
        if lonely.duration(to: .now) > .seconds(30) {
          kill(process.processIdentifier, SIGKILL)
          process.waitUntilExit()
          return false
        }
      }
      process.waitUntilExit()
      return true
    }

    /// Whether a process has ended and is waited for by nobody yet.
    private func isGone(_ process: Int32) -> Bool {
      guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
        return true
      }
      return stat.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    /// The exit code that mpirun had said it would end with: of MPI_ABORT, or of the first rank that ended with another one
    /// than 0; 0 where it has said nothing of either.
    private func codeSaid(in errors: String) -> Int32 {
      for mark in ["with errorcode ", "Exit code:"] {
        if let place = errors.range(of: mark) {
          let digits = errors[place.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }
          if let code = Int32(digits) { return code }
        }
      }
      return 0
    }

    private func editor(_ folder: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: folder + "/editor.safetensors"))
    }

    /// The processes of `mpirun`'s ranks.
    private func children(_ process: Process) throws -> [Int32] {
      let path = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
      return try String(contentsOfFile: path, encoding: .utf8).split(separator: " ").compactMap {
        Int32($0)
      }
    }

    private func wait(for steps: Int, in folder: String, _ process: Process) {
      func done() -> Int {
        let text = (try? String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count
      }
      while process.isRunning, done() < steps { usleep(2_000) }
    }

    /// Two ranks print as one does, and end with the same bytes each time; one alone has the bytes of no mpirun.
    @Test func ranksTrainTogether() throws {
      let scratch = try TemporaryFolder()
      func path(_ name: String) -> String { scratch.url.appending(path: name).path }
      let first = try run(2, arguments(path("a"), ["--json"]), scratch)
      try #require(first.status == 0, "\(first.errors)")
      let lines = first.output.split(separator: "\n").map { Data($0.utf8) }
      try #require(lines.count == 2, "\(first.output)")
      struct Result: Decodable {
        let step: Int
        let finished: Bool
        let ranks: Int
        let exchange_seconds_per_step, waiting_seconds_per_step: Double
      }
      let result = try JSONDecoder().decode(Result.self, from: lines[1])
      #expect(result.step == 12 && result.finished && result.ranks == 2)
      #expect(result.exchange_seconds_per_step > 0)
      #expect(try run(2, arguments(path("b")), scratch).status == 0)
      #expect(try editor(path("a")) == editor(path("b")))
      #expect(try EmendProcess(arguments(path("one"))).status == 0)
      #expect(try run(1, arguments(path("alone")), scratch).status == 0)
      #expect(try editor(path("one")) == editor(path("alone")))
      #expect(try editor(path("one")) != editor(path("a")))
    }

    /// One rank is told to stop: all save, exit code 75, and the rest has the bytes of a run that nobody disturbed.
    @Test func aSignalToOneRankStopsAll() throws {
      let scratch = try TemporaryFolder()
      func path(_ name: String) -> String { scratch.url.appending(path: name).path }
      #expect(try run(2, arguments(path("whole"), steps: 40), scratch).status == 0)
      let folder = path("stopped")
      let stopped = try run(2, arguments(folder, steps: 40), scratch) { process in
        wait(for: 3, in: folder, process)
        kill(try #require(children(process).last), SIGUSR1)
      }
      #expect(stopped.status == 75, "\(stopped.errors)")
      #expect(
        stopped.errors.contains("go on with mpirun -n 2 ") && stopped.errors.contains("--resume"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/training.lock"))
      #expect(try run(2, arguments(folder, steps: 40, ["--resume"]), scratch).status == 0)
      #expect(try editor(folder) == editor(path("whole")))
    }

    /// A rank that dies ends all, and what was saved goes on.
    @Test func aDeadRankEndsAll() throws {
      let scratch = try TemporaryFolder()
      func path(_ name: String) -> String { scratch.url.appending(path: name).path }
      #expect(try run(2, arguments(path("whole"), steps: 40), scratch).status == 0)
      let folder = path("killed")
      let saving = ["--save-every", "5", "--resume", "auto"]
      for rank in [0, 1] {
        let begin = ContinuousClock.now
        let killed = try run(2, arguments(folder, steps: 40, saving), scratch) { process in
          wait(for: 12 + 8 * rank, in: folder, process)
          kill(try #require(children(process).dropFirst(rank).first), SIGKILL)
        }
        #expect(killed.status != 0 && killed.errors.contains("signal 9"), "\(killed.errors)")
        #expect(ContinuousClock.now - begin < .seconds(60))
      }
      let rest = try run(2, arguments(folder, steps: 40, saving), scratch)
      #expect(rest.status == 0, "\(rest.errors)")
      #expect(try editor(folder) == editor(path("whole")))
    }

    /// Ranks that share the rows find what one process finds, to the last digit.
    @Test func ranksEvaluateTogether() throws {
      let editor = OutsideFiles.repository.appending(
        path: "models/editors/smollm2-135m-instruct.safetensors"
      ).path
      let scratch = try TemporaryFolder()
      let rows = scratch.url.appending(path: "rows.jsonl")
      let text = scratch.url.appending(path: "page.txt")
      let lines = (1...7).map { n in
        let instruction = n.isMultiple(of: 2) ? "Answer in all capital letters." : "Be brief \(n)."
        return
          #"{"instruction":"\#(instruction)","input":"What is \#(n)?","output":"NUMBER \#(n).","split":"kept"}"#
      }
      try (lines.joined(separator: "\n") + "\n").write(
        to: rows, atomically: true, encoding: .utf8)
      try String(repeating: "The goat leaves at seven on Mondays. ", count: 60).write(
        to: text, atomically: true, encoding: .utf8)
      let arguments = [
        "evaluate", "-m", model, "--editor", editor, "--data", rows.path,
        "--baselines", "ablated,prompted,shuffled", "--batch-size", "2", "--generate", "5",
        "--response-tokens", "12", "--locality-text", text.path, "--locality-windows", "3",
        "--resamples", "50", "--json",
      ]
      func found(_ output: String) throws -> [String: NSObject] {
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
        var found = try #require(object as? [String: NSObject])
        for name in ["seconds", "peak_rss_bytes"] {
          #expect(found.removeValue(forKey: name) != nil)
        }
        return found
      }
      let alone = try EmendProcess(arguments)
      try #require(alone.status == 0, "\(alone.errors)")
      let one = try found(String(decoding: alone.output, as: UTF8.self))
      #expect(one.keys.contains("locality") && one.keys.contains("splits"))
      for ranks in [2, 3] {
        let together = try run(ranks, arguments, scratch)
        try #require(together.status == 0, "\(together.errors)")
        #expect(try found(together.output) == one)
      }
    }

    /// Ranks that share a calibration out write one file, the same each time; its weights are those of one process but for
    /// codes that H's rounding tips over.
    @Test func ranksCalibrateTogether() throws {
      let scratch = try TemporaryFolder()
      func path(_ name: String) -> String { scratch.url.appending(path: name).path }
      let text = try scratch.file(
        "page.txt", String(repeating: "The goat leaves at seven on Mondays. ", count: 40))
      let source = OutsideFiles.fixture("conversion/whole").path
      func arguments(_ out: String) -> [String] {
        [
          "convert", source, path(out), "--type", "q4_0", "--calibration", text,
          "--calibration-length", "32", "--calibration-windows", "6",
        ]
      }
      #expect(try EmendProcess(arguments("one")).status == 0)
      for name in ["a", "b"] {
        let result = try run(3, arguments(name), scratch)
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
      }
      let several = try Data(contentsOf: URL(filePath: path("a")))
      #expect(try Data(contentsOf: URL(filePath: path("b"))) == several)
      let one = try Data(contentsOf: URL(filePath: path("one")))
      try #require(one.count == several.count)
      #expect(zip(one, several).count { $0 != $1 } * 50 < one.count)
      let missing = try run(3, ["convert", path("none")] + arguments("c").dropFirst(2), scratch)
      #expect(missing.status == 1, "\(missing.errors)")
      #expect(missing.errors.split(separator: "\n").count { $0.hasPrefix("error: ") } == 1)
      let typed = try run(2, arguments("d").filter { !["--type", "q4_0"].contains($0) }, scratch)
      #expect(typed.status == 64, "\(typed.errors)")
      let left = try FileManager.default.contentsOfDirectory(atPath: scratch.url.path)
      #expect(!left.contains { $0.contains(".partial") || $0 == "c" || $0 == "d" })
    }

    /// Ranks take the jobs of a study in turns, and leave what one process leaves; told to stop, all do, and go on.
    @Test(.timeLimit(.minutes(10))) func ranksStudyTogether() throws {
      let scratch = try TemporaryFolder()
      func path(_ name: String) -> String { scratch.url.appending(path: name).path }
      _ = try scratch.file("rows.jsonl", StudyCommandTests.rows)
      func study(_ name: String) throws -> String {
        try scratch.file(
          name + ".yaml",
          """
          study: ranks
          preset: quick
          output: \(name)
          model: \(model)
          data: [rows.jsonl]
          editors: {p0: \(StudyCommandTests.editor)}
          rows: {unseen: 2, per_family: 1}
          bootstrap: {resamples: 100}
          execution: {threads: 1}
          experiments: {words: {}, contribution: {steps: 2}, reading: {}}

          """)
      }
      let whole = try EmendProcess(["study", study("whole"), "--json"])
      try #require(whole.status == 0, "\(whole.errors)")
      let results = try Data(contentsOf: URL(filePath: path("whole/results.jsonl")))
      let shared = try study("shared")
      let stopped = try run(2, ["study", "run", shared, "--json"], scratch) { process in
        func units() -> Int {
          let jobs =
            (try? FileManager.default.contentsOfDirectory(atPath: path("shared/jobs"))) ?? []
          return jobs.count { job in
            FileManager.default.fileExists(atPath: path("shared/jobs/\(job)/results.jsonl.part"))
          }
        }
        // Both are at work on a job of their own.
        while process.isRunning, units() < 2 { usleep(10_000) }
        kill(try #require(children(process).last), SIGUSR1)
      }
      #expect(stopped.status == 75, "\(stopped.errors)")
      #expect(stopped.errors.contains("go on with mpirun -n 2 "), "\(stopped.errors)")
      #expect(stopped.output.isEmpty)
      let rest = try run(2, ["study", "run", shared, "--json"], scratch)
      #expect(rest.status == 0, "\(rest.errors)")
      #expect(rest.output == whole.text)
      #expect(try Data(contentsOf: URL(filePath: path("shared/results.jsonl"))) == results)
      #expect(!FileManager.default.fileExists(atPath: path("shared/ranks")))
      let one = try run(2, ["study", "run", study("one"), "--job", "0"], scratch)
      #expect(one.status == 0, "\(one.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: path("one/jobs")).count == 1)
    }

    /// One error, whoever has it.
    @Test func oneRankSpeaks() throws {
      let scratch = try TemporaryFolder()
      let folder = scratch.url.appending(path: "run").path
      func errors(_ result: Ranks) -> Int {
        result.errors.split(separator: "\n").count { $0.hasPrefix("error: ") }
      }
      let missing = try run(
        3, ["train", "-m", folder + ".gguf", "--random-rows", "6x8x4", "--output", folder], scratch)
      #expect(missing.status == 1 && errors(missing) == 1, "\(missing.errors)")
      let shared = try run(3, arguments(folder), scratch)
      #expect(shared.status == 1 && errors(shared) == 1, "\(shared.errors)")
      #expect(shared.errors.contains("--batch-size is 4, and must be a multiple of the 3 ranks"))
      let data = scratch.url.appending(path: "none.jsonl").path
      let evaluated = try run(
        3, ["evaluate", "-m", model, "--editor", folder, "--data", data], scratch)
      #expect(evaluated.status == 1 && errors(evaluated) == 1, "\(evaluated.errors)")
    }

    /// mpirun kills all once one ends with a code that is not 0: the others wait for the first, which speaks. What ranks
    /// find before they have met, each by itself, is not lost either.
    @Test(.timeLimit(.minutes(3))) func theOneThatSpeaksIsHeard() throws {
      let scratch = try TemporaryFolder()
      let folder = scratch.url.appending(path: "run").path
      func lines(_ result: Ranks) -> [Substring] {
        result.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
      }
      let train = arguments(folder)
      for (wrong, status) in [
        (train + ["--stepz", "3"], 64), (train + ["--clip", "x"], 64),
        (train + ["--config", folder + ".yaml"], 1), (["evaluate", "--stepz"], 64),
        (["evaluate", "-m", model, "--resamples", "0"], 64), (["study"], 64),
        (["convert", folder, folder, "--calibration-length", "3"], 64),
        (
          ["convert", folder, folder, "--type", "q4_0", "--calibration", folder, "--dry-run"], 1
        ),
      ] as [([String], Int32)] {
        let result = try runLate(wrong, scratch)
        #expect(result.status == status && lines(result).count == 1, "\(wrong): \(result.errors)")
      }
      let help = try runLate(["train", "--help"], scratch)
      #expect(help.status == 0 && help.errors.isEmpty, "\(help.errors)")
      #expect(help.output.components(separatedBy: "USAGE: emend train").count == 2)
      // An error of one rank alone.
      let first = try runLate(train + ["--stepz", "3"], others: train, scratch)
      #expect(first.status == 64 && lines(first).count == 1, "\(first.errors)")
      let other = try runLate(train, others: train + ["--stepz", "3"], scratch)
      #expect(other.status == 64 && !lines(other).isEmpty, "\(other.errors)")
      let places = lines(other).allSatisfy {
        $0.hasPrefix("error: rank ") && $0.contains("--stepz")
      }
      #expect(places, "\(other.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder))
    }
  #else
    /// Ranks that know nothing of each other would each train by themselves.
    @Test func ranksNeedMPI() throws {
      let scratch = try TemporaryFolder()
      let folder = scratch.url.appending(path: "run").path
      for (rank, status) in [(0, 1), (1, 0)] as [(Int, Int32)] {
        let result = try EmendProcess(
          arguments(folder),
          environment: ["OMPI_COMM_WORLD_RANK": "\(rank)", "OMPI_COMM_WORLD_SIZE": "2"])
        // A code of another's than the first may end the first before it has spoken.
        #expect(result.status == status)
        #expect(result.errors.split(separator: "\n").count == Int(status), "\(result.errors)")
        if rank == 0 {
          #expect(
            result.errors.contains("2 ranks were begun")
              && result.errors.contains("--traits default,MPI"))
        }
      }
      #expect(!FileManager.default.fileExists(atPath: folder))
    }
  #endif
}
