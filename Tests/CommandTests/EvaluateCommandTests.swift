import Foundation
import TestSupport
import Testing

/// `emend evaluate` with the real model and the editor that is shipped.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct EvaluateCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""
  private let editor = URL(filePath: #filePath)
    .appending(path: "../../../models/editors/smollm2-135m-instruct-p0.safetensors")
    .standardizedFileURL.path

  private struct Result: Decodable {
    struct Split: Decodable {
      let split: String
      let cutRows: Int
      let figures: Figures
      let families: [String: Figures]?
      let answers: Answers?
      let generations: [Generation]?
    }
    struct Figures: Decodable {
      let rows, tokens: Int
      let conditions: [String: Condition]
      let differences: [String: Estimate]
      let recoveredFraction, instructionEffect: Estimate?
    }
    struct Condition: Decodable { let nat, perplexity: Estimate }
    struct Estimate: Decodable { let value, low, high: Double }
    struct Answers: Decodable {
      struct Figure: Decodable { let exactMatch, rougeL: Estimate }
      let rows: Int
      let conditions: [String: Figure]
    }
    struct Generation: Decodable {
      let instruction, wanted: String
      let answers: [String: String]
    }
    struct Locality: Decodable {
      let windows, instructions: Int
      let kl: Estimate
    }
    let splits: [Split]
    let locality: Locality?
    let seconds: Double
    let peakRssBytes: Int
  }

  private static let rows = [
    (
      "Change the sentence to past tense.", "They play football in the park.",
      "They played football in the park.", "unseen-phrasing"
    ),
    (
      "Name the plural of the word.", "child", "children", "unseen-phrasing"
    ),
    ("Translate the sentence into French.", "Good morning", "Bonjour", "train"),
  ]

  /// Rows that say of which split they are, in a file.
  private func data(_ folder: TemporaryFolder) throws -> String {
    let rows = Self.rows.map { row in
      [
        "instruction": row.0, "input": row.1, "output": row.2, "split": row.3,
        "family": row.1 == "child" ? "words" : "sentences",
      ]
    }
    return try folder.file(
      "rows.json", String(decoding: JSONEncoder().encode(rows), as: UTF8.self))
  }

  private func evaluate(_ arguments: String...) throws -> EmendProcess {
    try EmendProcess(["evaluate", "-m", model, "--editor", editor] + arguments)
  }

  /// The mean loss of both rows is that of `emend score` of the same conversations, edited or not. The
  /// losses of the tape are in f32, their exponentials, of 49,152 tokens, added in another order.
  @Test func lossesAreThoseOfScore() throws {
    let folder = try TemporaryFolder()
    let result = try evaluate("--data", data(folder), "--json").json(Result.self)
    let split = try #require(result.splits.first)
    #expect(result.splits.count == 1 && split.split == "unseen-phrasing")
    #expect(split.figures.rows == 2 && split.cutRows == 0)
    #expect(Set(split.families?.keys.map(\.self) ?? []) == ["words", "sentences"])
    #expect(result.seconds > 0 && result.peakRssBytes > 0)

    struct Score: Decodable {
      let ids: [Int]
      let logprobs: [Double?]
    }
    func mean(_ prompt: (Int) -> String, instruction: ((Int) -> String)? = nil) throws -> Double {
      var sum = 0.0
      var tokens = 0
      for row in 0..<2 {
        let text =
          "<|im_start|>user\n\(prompt(row))<|im_end|>\n<|im_start|>assistant\n\(Self.rows[row].2)"
          + "<|im_end|>"
        let file = try folder.file("text", text)
        let score = try EmendProcess(
          [
            "score", "-m", model, "-f", file, "--parse-special", "--cache-type", "f32", "--json",
          ]
            + (instruction.map { ["--editor", editor, "--instruction", $0(row)] } ?? [])
        ).json(Score.self)
        // <|im_start|>, ass, istant and the newline.
        let first = try #require(score.ids.lastIndex(of: score.ids[0])) + 4
        sum -= score.logprobs[first...].reduce(0) { $0 + ($1 ?? .nan) }
        tokens += score.ids.count - first
      }
      #expect(tokens == split.figures.tokens)
      return sum / Double(tokens)
    }
    let wanted = [
      "ablated": try mean { Self.rows[$0].1 },
      "edited": try mean {
        Self.rows[$0].1
      } instruction: {
        Self.rows[$0].0
      },
      "shuffled": try mean {
        Self.rows[$0].1
      } instruction: {
        Self.rows[1 - $0].0
      },
      "prompted": try mean { Self.rows[$0].0 + "\n" + Self.rows[$0].1 },
      "prompted_shuffled": try mean { Self.rows[1 - $0].0 + "\n" + Self.rows[$0].1 },
    ]
    for (condition, wanted) in wanted {
      let found = try #require(split.figures.conditions[condition]?.nat.value)
      #expect(abs(found - wanted) <= 1e-4, "\(condition): \(found), \(wanted)")
    }
    #expect(split.figures.conditions["empty"] != nil && split.figures.conditions["random"] != nil)
  }

  /// What was learned shows in every figure; answers and unrelated text on request.
  @Test func answersAndLocality() throws {
    let folder = try TemporaryFolder()
    let text = try folder.file(
      "page.txt",
      String(repeating: "The tide comes in twice a day, and goes out again. ", count: 30))
    let process = try evaluate(
      "--data", data(folder), "--generate", "2", "--response-tokens", "24", "--locality-text", text,
      "--locality-windows", "2", "--baselines", "ablated,shuffled", "--resamples", "50", "--json")
    let result = try process.json(Result.self)
    let split = try #require(result.splits.first)
    #expect(Set(split.figures.conditions.keys) == ["ablated", "shuffled", "edited"])
    #expect(split.figures.recoveredFraction == nil)
    #expect(split.figures.differences["edited"]!.value > 0)
    #expect(split.figures.differences["instruction"]!.value > 0)
    #expect(split.answers?.rows == 2)
    let answers = try #require(split.generations)
    let past = try #require(answers.first { $0.wanted.contains("played") })
    #expect(past.answers["edited"]!.contains("played"))
    #expect(
      split.answers!.conditions["edited"]!.rougeL.value
        > split.answers!.conditions["ablated"]!.rougeL.value)
    #expect(result.locality?.windows == 2 && result.locality?.instructions == 2)
    #expect(result.locality!.kl.value > 0)

    let shown = try evaluate("--data", data(folder), "--baselines", "ablated")
    #expect(shown.status == 0 && shown.errors.isEmpty, "\(shown.errors)")
    #expect(shown.text.contains("unseen-phrasing: 2 rows"))
    #expect(shown.text.contains("ablated - edited"))
  }

  /// One constant that is trained, and measured beside the editor.
  @Test func constantIsTrainedAndMeasured() throws {
    let folder = try TemporaryFolder()
    let data = try data(folder)
    let output = folder.url.appending(path: "run").path
    let train = try EmendProcess([
      "train", "-m", model, "--data", data, "--output", output, "--constant", "--steps", "6",
      "--batch-size", "1", "--learning-rate", "1e-2", "--schedule", "constant", "--backbone",
      "gpt2:1x16x1", "--heads", "rank-1", "--layers", "0-9", "--json",
    ])
    #expect(train.status == 0, "\(train.errors)")
    // Every row has the same instruction, so that another row's changes nothing.
    let metrics = try String(contentsOfFile: output + "/metrics.jsonl", encoding: .utf8)
    struct Line: Decodable {
      struct Losses: Decodable { let edited, shuffled, ablated: Double }
      let validation: [String: Losses]?
    }
    let last = try metrics.split(separator: "\n")
      .compactMap { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).validation }.last
    let losses = try #require(last?["unseen-phrasing"])
    #expect(losses.edited == losses.shuffled && losses.edited != losses.ablated)
    let result = try evaluate(
      "--data", data, "--constant-editor", output + "/editor.safetensors", "--json"
    ).json(Result.self)
    let found = try #require(result.splits.first?.figures.conditions["constant"]?.nat.value)
    #expect(abs(found - losses.edited) <= 1e-12)
    #expect(result.splits.first?.figures.differences["constant"] != nil)
  }

  /// Low-rank changes to the quantized model that are trained, and measured beside the editor; what training
  /// measured is what evaluate measures.
  @Test func tunedIsTrainedAndMeasured() throws {
    let folder = try TemporaryFolder()
    let data = try data(folder)
    let output = folder.url.appending(path: "run").path
    let train = try EmendProcess([
      "train", "-m", model, "--data", data, "--output", output, "--tune", "--lora-rank", "2",
      "--lora-modules", "q_proj,down_proj", "--steps", "4", "--batch-size", "1", "--learning-rate",
      "1e-3", "--schedule", "constant", "--json",
    ])
    #expect(train.status == 0, "\(train.errors)")
    let metrics = try String(contentsOfFile: output + "/metrics.jsonl", encoding: .utf8)
    struct Line: Decodable {
      struct Losses: Decodable { let edited, prompted: Double }
      let validation: [String: Losses]?
    }
    let lines = try metrics.split(separator: "\n")
      .compactMap { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).validation }
      .compactMap { $0["unseen-phrasing"] }
    let (first, last) = (try #require(lines.first), try #require(lines.last))
    #expect(first.edited == first.prompted && last.edited != last.prompted)
    let result = try evaluate(
      "--data", data, "--tuned", output + "/adapters.safetensors", "--json"
    ).json(Result.self)
    let figures = try #require(result.splits.first?.figures)
    let tuned = try #require(figures.conditions["tuned"]?.nat.value)
    #expect(abs(tuned - last.edited) <= 1e-12)
    #expect(figures.conditions["tuned_shuffled"] != nil && figures.differences["tuned"] != nil)
    let wrong = try EmendProcess([
      "train", "-m", model, "--data", data, "--output", output, "--tune", "--distill",
    ])
    #expect(wrong.status != 0 && wrong.errors.contains("tune"), "\(wrong.errors)")
  }

  /// Missing baselines are trained, with the same data; what is finished is taken as it is, and what was
  /// begun is gone on with, to the bit.
  @Test func baselinesAreTrained() throws {
    let folder = try TemporaryFolder()
    let data = try data(folder)
    let place = folder.url.appending(path: "baselines").path
    func run(_ baselines: String, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        [
          "evaluate", "-m", model, "--editor", editor, "--data", data, "--train-baselines", place,
          "--baselines", baselines, "--resamples", "10", "--json",
        ] + more)
    }
    let first = try run("all", "--baseline-steps", "2")
    let conditions = try #require(
      try first.json(Result.self).splits.first?.figures.conditions, "\(first.errors)")
    #expect(conditions["constant"] != nil && conditions["tuned_shuffled"] != nil)
    #expect(conditions["tuned"]!.nat.value != conditions["prompted"]!.nat.value)
    func changed(_ name: String) throws -> Date {
      try #require(
        try FileManager.default.attributesOfItem(atPath: place + "/" + name)[.modificationDate]
          as? Date)
    }
    let files = ["constant/editor.safetensors", "tuned/adapters.safetensors"]
    let dates = try files.map(changed)
    let second = try run("tuned,constant", "--baseline-steps", "2").json(Result.self)
    #expect(try files.map(changed) == dates, "nothing was trained again")
    #expect(
      second.splits.first?.figures.conditions["tuned"]?.nat.value == conditions["tuned"]!.nat.value)
    #expect(
      second.splits.first?.figures.conditions.keys.sorted() == ["constant", "edited", "tuned"])
    // Other steps are another training, unless its rates do not depend on them; it is not overwritten.
    let other = try run("tuned", "--baseline-steps", "3")
    #expect(other.status == 1 && other.errors.contains("resume"), "\(other.errors)")
    #expect(try files.map(changed) == dates)
  }

  /// Rows that all have one instruction, and one row, where no condition has another's.
  @Test(arguments: [1, 2]) func oneInstruction(count: Int) throws {
    let folder = try TemporaryFolder()
    let rows = ["child", "mouse"].prefix(count).map {
      [
        "instruction": "Name the plural of the word.", "input": $0, "output": $0 + "s",
        "split": "kept",
      ]
    }
    let data = try folder.file(
      "rows.json", String(decoding: JSONEncoder().encode(rows), as: UTF8.self))
    let process = try evaluate("--data", data, "--baselines", "prompted", "--json")
    try #require(process.status == 0, "\(process.errors)")
    let split = try #require(try process.json(Result.self).splits.first)
    #expect(Set(split.figures.conditions.keys) == ["edited", "prompted"])
    #expect(split.figures.rows == count)
    let all = try evaluate("--data", data)
    #expect(all.status == 1 && all.isOneLineError, "\(all.errors)")
    #expect(all.errors.contains("--baselines ablated,prompted"), "\(all.errors)")
  }

  @Test func wrongUsageIsSaid() throws {
    let folder = try TemporaryFolder()
    let data = try data(folder)
    func refused(_ arguments: String..., status: Int32, _ words: String) throws {
      let result = try EmendProcess(["evaluate", "-m", model, "--editor", editor] + arguments)
      #expect(result.status == status && result.isOneLineError, "\(arguments): \(result.errors)")
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
    }
    try refused(status: 64, "--data")
    try refused(status: 64, "emend evaluate --help")
    try refused("--data", data, "--baselines", "edited,tunned", status: 64, "tunned")
    try refused("--data", data, "--baselines", "constant", status: 64, "--constant-editor")
    try refused(
      "--data", data, "--baseline-steps", "0", "--train-baselines", "x", status: 64,
      "--baseline-steps")
    try refused("--data", data, "--baselines", "tuned", status: 64, "--tuned")
    try refused("--data", data, "--tuned", data, status: 1, "rows.json")
    try refused("--data", data, "--tuned", editor, status: 1, "emend.adapters")
    try refused("--data", data, "--rows", "1", status: 64, "--rows")
    try refused("--data", data, "--baseline-steps", "3", status: 64, "--train-baselines")
    try refused("--data", data, "--locality-windows", "3", status: 64, "--locality-text")
    try refused("--data", data, "--cache-type", "f32", status: 64, "--generate")
    try refused("--data", data, "-c", "64", status: 64, "-c")
    try refused("--data", data + ":0", status: 64, "weight")
    try refused("--data", data, "--splits", ",", status: 64, "--splits")
    try refused("--data", data, "--unseen-part", "2", status: 64, "--unseen-part is 2.0")
    try refused("--data", data, "--resamples", "0", status: 64, "--resamples")
    try refused("--data", data, "--splits", "seen", status: 1, "unseen-phrasing")
    try refused("--data", data, "--max-seq-length", "12", status: 1, "no row that can be used")
    try refused("--data", data + ".not", status: 1, "rows.json.not")
    try refused("--data", data, "--memory-limit", "1M", status: 1, "memory")
    let other = OutsideFiles.fixture("editor/p0/editor.safetensors").path
    let result = try EmendProcess(["evaluate", "-m", model, "--editor", other, "--data", data])
    #expect(result.status == 1 && result.isOneLineError, "\(result.errors)")
  }
}
