import Foundation
import TestSupport
import Testing

/// `emend study` where edits are read back by lenses and by what they do, with the real model, the first-token editor and a few rows.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct StudyReadingTests {
  private func all(
    _ lines: [[String: Any]], _ experiment: String, _ metric: String
  ) -> [[String: Any]] {
    lines.filter {
      $0["experiment"] as? String == experiment && $0["metric"] as? String == metric
        && $0["job"] as? String != ""
    }
  }

  private func value(_ lines: [[String: Any]], _ experiment: String, _ metric: String) throws
    -> Double
  {
    let line = try #require(
      all(lines, experiment, metric).first { $0["kind"] as? String == "estimate" })
    return try #require(line["value"] as? Double, "\(line)")
  }

  /// What a study of these experiments prints, and its results, each as the schema has it.
  private func study(
    _ folder: TemporaryFolder, _ more: String
  ) throws -> (text: String, lines: [[String: Any]], page: String) {
    let common = StudyCommandTests()
    let result = try EmendProcess(["study", common.configuration(folder, more)])
    #expect(result.status == 0, "\(result.errors)")
    let schema = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: OutsideFiles.repository.appending(path: "docs/study.schema.json")))
        as? [String: Any])
    let lines = try common.read(folder, "out/results.jsonl").split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    for line in lines { #expect(Schema.problems(line, schema, in: schema) == [], "\(line)") }
    return (result.text, lines, try common.read(folder, "out/report.html"))
  }

  /// Lenses of four instructions: each figure has its control beside it, and their words are shown where they read the editor
  /// alone.
  @Test(.timeLimit(.minutes(10))) func lensesAreHeldToTheEffect() throws {
    let (_, lines, page) = try study(TemporaryFolder(), "experiments: {lenses: {}}")
    let over =
      try value(lines, "lenses", "fidelity") - value(lines, "lenses", "fidelity_of_permuted")
    #expect(try abs(value(lines, "lenses", "fidelity_over_permuted") - over) < 1e-9)
    #expect(try (0...1).contains(value(lines, "lenses", "answer_auroc")))
    let verdicts = ["fidelity", "fidelity_over_permuted"].flatMap { all(lines, "lenses", $0) }
      .compactMap { $0["verdict"] as? String }
    #expect(verdicts.count == 2)
    let effects = all(lines, "lenses", "effect_lens")
    #expect(effects.count == 4)
    #expect(all(lines, "lenses", "ov_lens").count == (verdicts == ["pass", "pass"] ? 4 : 0))
    for effect in effects {
      let changes = try #require(effect["y"] as? [Double])
      #expect((effect["tokens"] as? [String])?.count == changes.count && !changes.isEmpty)
    }
    #expect(page.contains("effect_lens") && page.contains("predict nothing"))
  }

  /// What is said of every edit is a known instruction.
  private func readings(_ lines: [[String: Any]]) throws -> [[String: Any]] {
    let read = lines.filter { $0["kind"] as? String == "reading" }
    for line in read {
      #expect(
        StudyCommandTests.rows.contains(try #require(line["said"] as? String)), "\(line)")
    }
    return read
  }

  /// States that are fitted without a text, a mean difference and a vector that is drawn: all are read by what they do.
  @Test(.timeLimit(.minutes(10))) func editsWithoutATextAreRead() throws {
    let (_, lines, page) = try study(
      TemporaryFolder(), "experiments: {inverse: {families: 1, steps: 10}}")
    for metric in ["family_at_1", "family_at_5", "none_for_random"] {
      #expect(all(lines, "inverse", metric).contains { $0["kind"] as? String == "verdict" })
    }
    #expect(try readings(lines).count == 3 && page.contains("What is read"))
  }

  /// The claim that edits can be read back passes where its figures do and an edit that lies near another text was tried.
  @Test(.timeLimit(.minutes(10))) func theClaimCanPass() throws {
    let accept = [
      "reading.family_at_1: \">= -9\"", "reading.over_words: \">= -9\"",
      "reading.round_trip: \">= -9\"", "reading.round_trip_of_other_family: \"<= 9\"",
      "wayward.named_by_behaviour: \">= 0\"",
    ].joined(separator: ", ")
    let (text, lines, _) = try study(
      TemporaryFolder(),
      "experiments: {reading: {}, wayward: {pairs: 1, steps: 20}}\naccept: {\(accept)}")
    #expect(text.contains("p0: C4, the edit can be read back: pass"), "\(text)")
    #expect(
      try Set(readings(lines).compactMap { $0["metric"] as? String }) == ["nearest", "behaviour"])
    #expect(try (0.5...1).contains(value(lines, "wayward", "cosine")))
  }

  /// Where what an edit does is not found out, the claim fails, whatever the other figures are.
  @Test(.timeLimit(.minutes(10))) func theClaimCanFail() throws {
    let (text, _, _) = try study(
      TemporaryFolder(),
      "experiments: {wayward: {pairs: 1, steps: 20}}\naccept: {wayward.named_by_behaviour: \"> 1\"}"
    )
    #expect(text.contains("p0: C4, the edit can be read back: fail"), "\(text)")
  }
}
