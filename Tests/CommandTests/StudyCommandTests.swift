import Foundation
import TestSupport
import Testing

/// `emend study` with the real model, the first-token editor and a few rows.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct StudyCommandTests {
  static let editor = URL(filePath: #filePath)
    .appending(path: "../../../models/editors/smollm2-135m-instruct-p0.safetensors")
    .standardizedFileURL.path

  /// Four families, two wordings each to train with and one that is unseen, two inputs.
  static var rows: String {
    let families = [
      ("question", ["Make it a question.", "Turn it into a question."], "Ask it as a question."),
      (
        "capitals", ["Write it in capital letters.", "Use capital letters only."],
        "Put it in capitals."
      ),
      (
        "first", ["What is the first word?", "Give the first word."], "Write the first word alone."
      ),
      ("last", ["What is the last word?", "Give the last word."], "Write the last word alone."),
    ]
    let inputs = ["Tom found the old violin.", "Anna sings in the kitchen."]
    func output(_ family: String, _ input: String) -> String {
      let words = input.dropLast().split(separator: " ")
      switch family {
      case "question":
        return input.hasPrefix("Tom")
          ? "Did Tom find the old violin?" : "Does Anna sing in the kitchen?"
      case "capitals": return input.uppercased()
      case "first": return String(words[0])
      default: return String(words.last!)
      }
    }
    var lines: [String] = []
    for (family, train, unseen) in families {
      for (instruction, split) in train.map({ ($0, "train") }) + [(unseen, "unseen")] {
        for input in inputs {
          let row = [
            "instruction": instruction, "input": input, "output": output(family, input),
            "family": family,
            "split": split,
          ]
          lines.append(
            String(
              decoding: try! JSONSerialization.data(withJSONObject: row, options: .sortedKeys),
              as: UTF8.self))
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  func configuration(_ folder: TemporaryFolder, _ more: String = "", output: String = "out")
    throws -> String
  {
    _ = try folder.file("rows.jsonl", Self.rows)
    return try folder.file(
      "study-\(output).yaml",
      """
      study: test
      preset: quick
      output: \(output)
      model: \(try #require(OutsideFiles.smolLM2).path)
      data: [rows.jsonl]
      editors: {p0: \(Self.editor)}
      rows: {unseen: \(more.isEmpty ? 2 : 4), per_family: 1}
      bootstrap: {resamples: 100}
      \(more.isEmpty ? "experiments: {contribution: {steps: 2}, words: {}, reading: {}}" : more)

      """)
  }

  func read(_ folder: TemporaryFolder, _ name: String) throws -> String {
    try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
  }

  /// Killed three times on its way, it comes to the same bytes as one that was left alone; what is finished is not done
  /// again, and a page without scripts says what came of it.
  @Test(.timeLimit(.minutes(10))) func killedStudiesGoOn() throws {
    let folder = try TemporaryFolder()
    let whole = try configuration(folder, output: "whole")
    let first = try EmendProcess(["study", whole, "--json"])
    #expect(first.status == 0, "\(first.errors)")
    let killed = try configuration(folder, output: "killed")
    for seconds in [1.5, 2.5, 4] {
      try EmendProcess.kill(["study", killed], afterSeconds: seconds)
    }
    let last = try EmendProcess(["study", killed, "--json"])
    #expect(last.status == 0, "\(last.errors)")
    let results = try read(folder, "whole/results.jsonl")
    #expect(try read(folder, "killed/results.jsonl") == results)
    #expect(last.text == first.text)
    // All finished: nothing is measured, in seconds.
    #expect(try EmendProcess(["study", killed, "--json"]).text == first.text)
    for metric in ["share_values", "cpr_over_random", "family_at_1"] {
      #expect(results.contains("\"metric\":\"\(metric)\""))
    }
    let page = try read(folder, "whole/report.html")
    for word in ["<script", "src=", "href=", "url("] { #expect(!page.contains(word)) }
    #expect(page.contains("share_values") && page.contains("Where does it act?"))
    // Three at once, of which one is killed, on one folder.
    let shared = try configuration(folder, output: "shared")
    let processes = try (0..<3).map { _ in
      let process = Process()
      process.executableURL = EmendProcess.executable
      process.arguments = ["study", shared]
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    Thread.sleep(forTimeInterval: 3)
    kill(processes[0].processIdentifier, SIGKILL)
    for process in processes { process.waitUntilExit() }
    #expect(processes.dropFirst().allSatisfy { $0.terminationStatus == 0 })
    #expect(try read(folder, "shared/results.jsonl") == results)
    // Results that somebody changed are not taken.
    let status = try EmendProcess(["study", "status", whole, "--json"])
    #expect(status.text.components(separatedBy: "\"state\":\"done\"").count == 4, "\(status.text)")
    let jobs = folder.url.appending(path: "whole/jobs")
    let job = try #require(try FileManager.default.contentsOfDirectory(atPath: jobs.path).first)
    let file = jobs.appending(path: job).appending(path: "results.jsonl")
    try Data("{}\n".utf8).write(to: file)
    let damaged = try EmendProcess(["study", "report", whole])
    #expect(damaged.status == 1 && damaged.isOneLineError, "\(damaged.errors)")
    #expect(damaged.errors.contains("forget"))
    #expect(try EmendProcess(["study", "forget", whole, job]).status == 0)
    #expect(try EmendProcess(["study", "report", whole]).status == 0)
    #expect(try read(folder, "whole/report.html").contains("Missing:"))
  }

  /// All experiments on a few rows, job by job: every line is as the schema has it, claims stand on top of the page, and a
  /// job that there is not is refused.
  @Test(.timeLimit(.minutes(10))) func allExperimentsHaveResults() throws {
    let folder = try TemporaryFolder()
    let all =
      "experiments: {anatomy: {}, dose: {}, arithmetic: {}, stress: {}, tracing: {}, probes: {}, "
      + "vectors: {families: 2, steps: 4}}"
    let study = try configuration(folder, all)
    for job in ["0", "dose/p0", "2", "3", "4", "5", "6"] {
      let result = try EmendProcess(["study", "run", study, "--job", job])
      #expect(result.status == 0, "\(job): \(result.errors)")
    }
    let other = try EmendProcess(["study", "run", study, "--job", "7"])
    #expect(other.status == 1 && other.isOneLineError && other.errors.contains("no job 7"))
    let schema = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: OutsideFiles.repository.appending(path: "docs/study.schema.json")))
        as? [String: Any])
    let lines = try read(folder, "out/results.jsonl").split(separator: "\n")
    for line in lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      #expect(Schema.problems(object, schema, in: schema) == [], "\(line)")
    }
    for experiment in [
      "anatomy", "dose", "arithmetic", "stress", "tracing", "probes", "vectors",
    ] {
      #expect(lines.contains { $0.contains("\"experiment\":\"\(experiment)\"") }, "\(experiment)")
    }
    let page = try read(folder, "out/report.html")
    let claims = try #require(page.range(of: "Five claims"))
    #expect(claims.lowerBound < (try #require(page.range(of: "What was claimed"))).lowerBound)
    #expect(page.contains("no editor was trained on permuted meanings"))
    // What has a threshold and was not measured is said, in the page and in the results.
    #expect(page.contains("What was not run, and why"))
    for (metric, experiment) in [("share_values", "contribution"), ("selectivity", "permuted")] {
      #expect(
        lines.contains {
          $0.contains("\"metric\":\"\(metric)\"") && $0.contains("\"verdict\":\"not run\"")
            && $0.contains("\"experiment\":\"\(experiment)\"")
        }, "\(metric)")
    }
    let script = try EmendProcess(["study", "array", study])
    #expect(script.status == 0 && script.text.contains("#SBATCH --array=0-6\n"))
  }

  /// Two families with inputs enough: shares of vectors beside the edit, each with its controls; the same again to the byte
  /// where it is killed on its way.
  @Test(.timeLimit(.minutes(10))) func vectorsAreMeasured() throws {
    let folder = try TemporaryFolder()
    let names = ["Tom", "Anna", "Paul", "Mary", "John", "Lucy", "Fred", "Jane", "Mark"]
    var lines: [[String: String]] = []
    for (family, train, unseen) in [
      ("capitals", "Use capital letters only.", "Put it in capitals."),
      ("first", "Give the first word.", "Write the first word alone."),
    ] {
      for (instruction, split) in [(train, "train"), (unseen, "unseen")] {
        for name in split == "train" ? names : [names[0]] {
          let input = "\(name) sings in the kitchen."
          lines.append([
            "instruction": instruction, "input": input, "family": family, "split": split,
            "output": family == "first" ? name : input.uppercased(),
          ])
        }
      }
    }
    let plan = "experiments: {vectors: {families: 2, steps: 12}}"
    let studies = try ["whole", "killed"].map { try configuration(folder, plan, output: $0) }
    let rows = try lines.map {
      String(
        decoding: try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys),
        as: UTF8.self) + "\n"
    }
    _ = try folder.file("rows.jsonl", rows.joined())
    let first = try EmendProcess(["study", studies[0], "--json"])
    #expect(first.status == 0, "\(first.errors)")
    try EmendProcess.kill(["study", studies[1]], afterSeconds: 6)
    #expect(try EmendProcess(["study", studies[1], "--json"]).status == 0)
    let results = try read(folder, "whole/results.jsonl")
    #expect(try read(folder, "killed/results.jsonl") == results)
    let found = try results.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }.filter { $0["experiment"] as? String == "vectors" }
    func value(_ metric: String, _ condition: String? = nil) throws -> Double {
      let line = try #require(
        found.first {
          $0["metric"] as? String == metric && $0["condition"] as? String == condition
        })
      return try #require(line["value"] as? Double, "\(line)")
    }
    // Twelve steps from zeros are on their way to the edit, and signs that are drawn are not.
    let distilled = try value("share", "distilled")
    #expect(try distilled > value("share", "random") && distilled < 1)
    #expect(
      try abs(value("over_mean_difference") - distilled + value("share", "mean difference")) < 1e-9)
    #expect(try value("unrelated_kl", "distilled") > 0 && value("unrelated_kl", "edit") > 0)
    #expect(try (1...29).contains(value("layer", "mean difference")))
    for metric in ["families_with_half", "over_mean_difference"] {
      #expect(
        found.contains { $0["metric"] as? String == metric && $0["kind"] as? String == "verdict" })
    }
  }

  /// Reviews that people changed: a model that cannot rate is said to be none, and one that is let through has all
  /// distances; without an edit nothing changes, so that zero has the cosine 1.
  @Test(.timeLimit(.minutes(10)), arguments: [false, true]) func counterfactualsAreMeasured(
    isLetThrough: Bool
  ) throws {
    let folder = try TemporaryFolder()
    let reviews = try String(
      contentsOf: OutsideFiles.fixture("counterfactuals/reviews.json"), encoding: .utf8)
    for name in ["test", "train_exclusive"] { _ = try folder.file("\(name).json", reviews) }
    let gate = "accept: {cebab.accuracy: \">= 0\", cebab.macro_f1: \">= 0\"}"
    let study = try configuration(
      folder,
      "counterfactuals: .\nexperiments: {cebab: {reviews: 4}}\n" + (isLetThrough ? gate : ""))
    let result = try EmendProcess(["study", study, "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let found = try read(folder, "out/results.jsonl").split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }.filter { $0["experiment"] as? String == "cebab" }
    let judged = found.filter { $0["kind"] as? String == "verdict" && $0["job"] as? String != "" }
    #expect(judged.count == 8)
    func value(_ metric: String, _ condition: String) -> Double? {
      found.first {
        $0["metric"] as? String == metric && $0["condition"] as? String == condition
      }?["value"] as? Double
    }
    guard isLetThrough else {
      // Stars that were drawn are no ratings.
      #expect(
        judged.contains { ($0["note"] as? String)?.contains("does not rate well enough") == true })
      #expect(value("cosine", "zero") == nil)
      return
    }
    #expect(value("cosine", "zero") == 1)
    #expect(value("l2", "zero") == value("norm_difference", "zero"))
    for condition in ["wrong aspect", "mean edit", "prompted", "s-learner", "approximate match"] {
      let (l2, cosine) = (value("l2", condition), value("cosine", condition))
      #expect(l2 != nil && cosine.map { (0...2).contains($0) } == true, "\(condition)")
    }
  }

  /// Other thresholds after the first result are said.
  @Test func changedThresholdsAreSaid() throws {
    let folder = try TemporaryFolder()
    let plan = "experiments: {reading: {}}\naccept: {reading.family_at_1: \">= 0.1\"}"
    let other = "experiments: {reading: {}}\naccept: {reading.family_at_1: \">= 0.2\"}"
    #expect(try EmendProcess(["study", configuration(folder, plan)]).status == 0)
    #expect(try !read(folder, "out/report.html").contains("Thresholds changed"))
    #expect(try EmendProcess(["study", "report", configuration(folder, other)]).status == 0)
    #expect(try read(folder, "out/report.html").contains("Thresholds changed"))
  }

  @Test(
    arguments: [
      ("experiments: {contributions: {}}", "did you mean contribution?"),
      ("experiments: {cebeb: {}}", "did you mean cebab?"),
      ("experiments: {cebab: {}}", "experiments.cebab needs counterfactuals"),
      ("experiments: {cebab: {}}\ncounterfactuals: none", "none/test.json"),
      ("experiments: {dose: {editors: [other]}}", "other"),
      ("experiments: {dose: {}}\nexecutoin: {threads: 1}", "did you mean execution?"),
      ("experiments: {dose: {}}\ngrids: {}", "grids is not known"),
      ("experiments: {dose: {}}\naccept: {dose.monotone: much}", "accept.dose.monotone"),
      ("experiments: {dose: {}}\nseed: -1", "seed is -1"),
      ("experiments: {dose: {}}\nunrelated: none.txt", "none.txt"),
    ])
  func refuses(more: String, words: String) throws {
    let folder = try TemporaryFolder()
    let result = try EmendProcess(["study", "check", configuration(folder, more)])
    #expect(result.status == 1 && result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  /// Rows of which none is of training, as those of an evaluation: a study says what it needs, and nothing of training.
  @Test func rowsOfTrainingAreNeeded() throws {
    let folder = try TemporaryFolder()
    let study = try configuration(folder)
    _ = try folder.file(
      "rows.jsonl", Self.rows.replacing("\"split\":\"train\"", with: "\"split\":\"unseen\""))
    let result = try EmendProcess(["study", "check", study])
    #expect(result.status == 1 && result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains("what an editor is held to know"), "\(result.errors)")
  }

  /// Nothing is written by a check.
  @Test func checksWriteNothing() throws {
    let folder = try TemporaryFolder()
    let result = try EmendProcess(["study", "check", configuration(folder)])
    #expect(result.status == 0 && result.text.contains("contribution/p0"), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "out").path))
  }
}
