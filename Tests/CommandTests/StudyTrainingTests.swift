import Foundation
import TestSupport
import Testing

/// `emend study` where experiments train; beside the other studies, which run one after the other.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct StudyTrainingTests {
  private let study = StudyCommandTests()

  /// Trainings of a few steps: killed on their way they come to the same bytes; none is done twice, and what only a training
  /// that goes on needs is gone. Shares and ranks are found again from the rows' losses.
  @Test(.timeLimit(.minutes(15))) func trainingsAreJobs() throws {
    let folder = try TemporaryFolder()
    let plan =
      "train: {steps: 6, batch_size: 2}\nexperiments: {frontier: {l0: [0.05], rows: [1, 2], best: [2]}, "
      + "random-sites: {sites: [2], sets: 2}, permuted: {steps: 4, interval: 2}}"
    let whole = try study.configuration(folder, plan, output: "whole")
    let first = try EmendProcess(["study", whole, "--json"])
    #expect(first.status == 0, "\(first.errors)")
    let killed = try study.configuration(folder, plan, output: "killed")
    for seconds in [4.0, 7, 11] {
      try EmendProcess.kill(["study", killed], afterSeconds: seconds)
    }
    // One job, with what it needs.
    let one = try EmendProcess(["study", "run", killed, "--job", "random-sites/p0"])
    #expect(one.status == 0, "\(one.errors)")
    #expect(try EmendProcess(["study", killed, "--json"]).status == 0)
    let results = try study.read(folder, "whole/results.jsonl")
    #expect(try study.read(folder, "killed/results.jsonl") == results)
    let again = try EmendProcess(["study", whole, "--json"])
    #expect(again.text == first.text)

    let schema = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: OutsideFiles.repository.appending(path: "docs/study.schema.json")))
        as? [String: Any])
    let lines = try results.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      #expect(Schema.problems(object, schema, in: schema) == [], "\(line)")
      return try #require(object as? [String: Any])
    }
    // The rows' losses of every training, by its job's name.
    struct Status: Decodable { let id, name, state: String }
    let status = try JSONDecoder().decode(
      [Status].self, from: Data(EmendProcess(["study", "status", whole, "--json"]).text.utf8))
    #expect(status.count == 14 && status.allSatisfy { $0.state == "done" }, "\(status)")
    func losses(_ name: String, _ condition: String) throws -> Double {
      let job = try #require(status.first { $0.name == "cell/p0/\(name)/seed-0" }, "\(name)").id
      let line = try #require(
        lines.first {
          $0["job"] as? String == job && $0["metric"] as? String == "row_loss"
            && $0["condition"] as? String == condition
        })
      return try #require(line["y"] as? [Double]).reduce(0, +)
    }
    func value(_ experiment: String, _ metric: String, _ condition: String?) throws -> Double {
      let line = try #require(
        lines.first {
          $0["experiment"] as? String == experiment && $0["metric"] as? String == metric
            && $0["condition"] as? String == condition && $0["kind"] as? String == "estimate"
        }, "\(metric)")
      return try #require(line["value"] as? Double)
    }
    let (mean, edited) = (try losses("none", "mean"), try losses("none", "edited"))
    for (name, title) in [("l0-0.05", "l0 0.05"), ("rows-2.0", "rows 2.0"), ("best-2", "best 2")] {
      let share = (mean - (try losses(name, "edited"))) / (mean - edited)
      #expect(try abs(value("frontier", "share", title) - share) < 1e-9)
    }
    #expect(try value("frontier", "active_sites", "best 2") == 2)
    #expect(try value("frontier", "active_sites", "none") == 30)
    #expect(try value("frontier", "exact_zeros", "best 2") > 0.9)
    let best = try losses("best-2", "edited")
    let better = try (0..<2).filter { try losses("random-2-\($0)", "edited") <= best }.count
    #expect(try value("random-sites", "p_of_2", nil) == Double(1 + better) / 3)
    let ends = try ["permuted-0", "natural"].map { try losses($0, "edited after 2") }
    #expect(ends[0] != ends[1])
    for metric in ["p_of_3", "selectivity_350", "predictiveness"] {
      #expect(
        lines.contains {
          $0["metric"] as? String == metric && $0["verdict"] as? String == "not run"
            && ($0["note"] as? String)?.isEmpty == false
        }, "\(metric)")
    }
    let page = try study.read(folder, "whole/report.html")
    #expect(page.contains("Are the best sites better than random ones, after training?"))
    #expect(!page.contains("row_loss"))
    // A table for each list of strengths.
    #expect(page.components(separatedBy: "<h3>share_by_strength by strength</h3>").count == 3)
    let run = folder.url.appending(
      path: "whole/jobs/\(status.first { $0.name.contains("best-2") }!.id)/run")
    let left = try FileManager.default.contentsOfDirectory(atPath: run.path)
    #expect(left.contains("editor.safetensors") && !left.contains("training.state"), "\(left)")
  }

  /// A reader of one step says something of every edit, in lines that the schema has, and figures are of these.
  @Test(.timeLimit(.minutes(5))) func readersSay() throws {
    let folder = try TemporaryFolder()
    let file = try study.configuration(
      folder, "experiments: {reader: {steps: 1, batch_size: 2, rank: 2}}")
    try String(contentsOfFile: file, encoding: .utf8).replacing("unseen: 4", with: "unseen: 2")
      .write(toFile: file, atomically: true, encoding: .utf8)
    let result = try EmendProcess(["study", file, "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let schema = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: OutsideFiles.repository.appending(path: "docs/study.schema.json")))
        as? [String: Any])
    let lines = try study.read(folder, "out/results.jsonl").split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      #expect(Schema.problems(object, schema, in: schema) == [], "\(line)")
      return try #require(object as? [String: Any])
    }.filter { $0["experiment"] as? String == "reader" }
    let readings = lines.filter { $0["kind"] as? String == "reading" }
    let unseen = readings.filter { $0["condition"] as? String == "unseen wording" }
    #expect(unseen.count == 2 && readings.count == 4)
    #expect(readings.allSatisfy { $0["said"] is String })
    let trips = unseen.compactMap { $0["value"] as? Double }
    func value(_ metric: String, _ condition: String? = nil) -> Double? {
      lines.first {
        $0["metric"] as? String == metric && $0["condition"] as? String == condition
          && $0["kind"] as? String == "estimate"
      }?["value"] as? Double
    }
    #expect(try abs(#require(value("round_trip")) - trips.reduce(0, +) / 2) < 1e-9)
    // The judge knows the right text's family, and the training begins as the processor by itself does.
    #expect(value("family_at_1", "the right text itself") == 1)
    #expect(try #require(value("training_loss")) > 2)
    for metric in ["both_steps", "round_trip_of_kept"] {
      #expect(
        lines.contains {
          $0["metric"] as? String == metric && $0["verdict"] as? String == "undecided"
        }, "\(metric)")
    }
    let page = try study.read(folder, "out/report.html")
    #expect(page.contains("What is read") && page.contains("unseen wording"))
  }

  /// An editor of keys and values has no latents by layer.
  @Test func prefixEditorsAreNotTrained() throws {
    let folder = try TemporaryFolder()
    let prefix = URL(filePath: StudyCommandTests.editor).deletingLastPathComponent()
      .appending(path: "smollm2-135m-instruct.safetensors").path
    for (experiments, words) in [
      ("{frontier: {editors: [p8]}}", "interface p8 and has no latents by layer"),
      ("{anatomy: {}, random-sites: {}}", ""),
    ] {
      let file = try study.configuration(folder, "experiments: \(experiments)")
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try text.replacing("{p0: \(StudyCommandTests.editor)}", with: "{p8: \(prefix)}")
        .write(toFile: file, atomically: true, encoding: .utf8)
      let result = try EmendProcess(["study", "check", file])
      #expect(result.status == (words.isEmpty ? 0 : 1), "\(result.errors)")
      #expect(words.isEmpty || result.isOneLineError && result.errors.contains(words))
      #expect(!result.text.contains("cell/"))
    }
  }
}
