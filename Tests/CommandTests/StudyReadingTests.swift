import Foundation
import TestSupport
import Testing

/// `emend study` where edits are read back by lenses, with the real model, the first-token editor and a few rows.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct StudyReadingTests {
  /// Lenses of four instructions: every line is as the schema has it, and each figure has its control beside it.
  @Test(.timeLimit(.minutes(10))) func lensesAreHeldToTheEffect() throws {
    let folder = try TemporaryFolder()
    let common = StudyCommandTests()
    let study = try common.configuration(
      folder,
      "experiments: {lenses: {}}"
    )
    let result = try EmendProcess(["study", study, "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let schema = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: OutsideFiles.repository.appending(path: "docs/study.schema.json")))
        as? [String: Any])
    let lines = try common.read(folder, "out/results.jsonl").split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    for line in lines { #expect(Schema.problems(line, schema, in: schema) == [], "\(line)") }
    func all(_ experiment: String, _ metric: String) -> [[String: Any]] {
      lines.filter {
        $0["experiment"] as? String == experiment && $0["metric"] as? String == metric
          && $0["job"] as? String != ""
      }
    }
    func value(_ experiment: String, _ metric: String) throws -> Double {
      let line = try #require(all(experiment, metric).first { $0["kind"] as? String == "estimate" })
      return try #require(line["value"] as? Double, "\(line)")
    }
    // A lens beside its control, and its words where it reads the editor alone.
    let over = try value("lenses", "fidelity") - value("lenses", "fidelity_of_permuted")
    #expect(try abs(value("lenses", "fidelity_over_permuted") - over) < 1e-9)
    #expect(try (0...1).contains(value("lenses", "answer_auroc")))
    let verdicts = ["fidelity", "fidelity_over_permuted"].flatMap { all("lenses", $0) }
      .compactMap { $0["verdict"] as? String }
    #expect(verdicts.count == 2)
    #expect(all("lenses", "effect_lens").count == 4)
    #expect(all("lenses", "ov_lens").count == (verdicts == ["pass", "pass"] ? 4 : 0))
    let raised = try #require(all("lenses", "effect_lens").first)
    let changes = try #require(raised["y"] as? [Double])
    #expect((raised["tokens"] as? [String])?.count == changes.count && changes[0] > 0)
    let page = try common.read(folder, "out/report.html")
    #expect(page.contains("effect_lens"))
    #expect(page.contains("predict nothing"))
  }
}
