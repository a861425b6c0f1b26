import Foundation
import TestSupport
import Testing

/// `emend train` with the real model and the smallest of editors, and the editor that is shipped.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct TrainCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""
  private let small = ["--backbone", "gpt2:1x16x1", "--heads", "rank-1", "--layers", "29"]

  private struct Result: Decodable {
    let step, peakRssBytes, plannedBytes: Int
    let loss, tokensPerSecond: Double
    let finished: Bool
  }

  /// A run, and one that is saved and resumed, leave the same editor; a second one does not write over
  /// the first.
  @Test func trainsAndResumes() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    func train(_ name: String, steps: Int, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        ["train", "-m", model, "--random-rows", "6x8x4", "--batch-size", "2", "--json"] + small
          + [
            "--steps", "\(steps)", "--schedule", "constant", "--output",
            folder.appending(path: name).path,
          ] + more)
    }
    let whole = try train("whole", steps: 4)
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
    let result = try whole.json(Result.self)
    #expect(result.step == 4 && result.finished && result.plannedBytes > 0)
    #expect(try train("parts", steps: 2).status == 0)
    let again = try train("parts", steps: 4)
    #expect(again.status == 1 && again.errors.contains("--resume"))
    #expect(try train("parts", steps: 4, "--resume").status == 0)
    func editor(_ name: String) throws -> Data {
      try Data(contentsOf: folder.appending(path: "\(name)/editor.safetensors"))
    }
    #expect(try editor("whole") == editor("parts"))
    // What would go on as another training is refused by name, and the folder stays as it is.
    let state = try Data(contentsOf: folder.appending(path: "parts/training.state"))
    for (name, value) in [
      ("--scale", "plain"), ("--positions", "last"), ("--activations", "f32"), ("--seed", "1"),
      ("--random-rows", "6x8x5"), ("--steps", "3"),
    ] {
      let other = try train("parts", steps: 4, "--resume", name, value)
      let option = name.dropFirst(2).replacing("-", with: "_")
      #expect(other.status == 1 && other.isOneLineError, "\(other.errors)")
      #expect(other.errors.contains("training.state was written with"), "\(other.errors)")
      #expect(other.errors.contains("\(option) \(value)"), "\(other.errors)")
    }
    #expect(try Data(contentsOf: folder.appending(path: "parts/training.state")) == state)
    let metrics = try String(
      contentsOf: folder.appending(path: "whole/metrics.jsonl"), encoding: .utf8)
    let last = try #require(metrics.split(separator: "\n").last)
    #expect(last.contains("\"peak_rss_bytes\"") && last.contains("\"tokens_per_second\""))
  }

  /// Adapters on a frozen GPT-2: a run, and one that is saved and resumed, leave the same editor, which
  /// has a plain GPT-2; gradients have their names; modules and backbones that do not fit are refused.
  @Test func trainsAdapters() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    func train(_ name: String, steps: Int, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        ["train", "-m", model, "--random-rows", "6x8x4", "--batch-size", "2"] + small
          + [
            "--lora-rank", "3", "--steps", "\(steps)", "--schedule", "constant", "--output",
            folder.appending(path: name).path,
          ] + more)
    }
    let whole = try train("whole", steps: 4)
    #expect(whole.status == 0, "\(whole.errors)")
    // A and B of width 16, inner width 64; the head of rank 1 for 576, its norm and a gate.
    let trained = 3 * (16 + 48 + 16 + 16 + 16 + 64 + 64 + 16) + (16 + 576 + 576) + 2 * 16 + 1
    let text = String(decoding: whole.output, as: UTF8.self)
    #expect(text.contains("editor      \(trained) of "), "\(text)")
    #expect(try train("parts", steps: 2).status == 0)
    let other = try train("parts", steps: 4, "--resume", "--lora-modules", "c_attn")
    #expect(
      other.status == 1 && other.errors.contains("lora_modules attn.c_attn"), "\(other.errors)")
    #expect(try train("parts", steps: 4, "--resume").status == 0)
    func path(_ name: String) -> String { folder.appending(path: name).path }
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }
    #expect(try bytes("whole/editor.safetensors") == bytes("parts/editor.safetensors"))
    /// The names of a safetensors file's tensors: eight bytes with the length of a JSON, then that.
    func names(_ name: String) throws -> [String] {
      let data = try bytes(name)
      let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
      let header = try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(length))
      return try #require(header as? [String: Any]).keys.sorted()
    }
    let stored = try names("whole/editor.safetensors")
    #expect(stored.contains("backbone.h.0.attn.c_attn.weight"))
    #expect(!stored.contains { $0.contains("lora") })

    let saved = try train(
      "none", steps: 1, "--save-gradients", path("gradients.safetensors"), "--lora-modules",
      "c_proj")
    #expect(saved.status == 0, "\(saved.errors)")
    #expect(
      try names("gradients.safetensors").filter { $0.hasPrefix("backbone.") }
        == ["attn", "mlp"].flatMap { part in
          ["A", "B"].map { "backbone.h.0.\(part).c_proj.lora_\($0)" }
        })
    let refused = try train("bad", steps: 1, "--lora-modules", "q_proj")
    #expect(refused.status != 0 && refused.errors.contains("q_proj"), "\(refused.errors)")
    #expect(refused.errors.contains("attn.c_attn"), "\(refused.errors)")
  }

  /// A GPT-2 with a vocabulary that is not the model's, from its folder to generated text: trained, resumed,
  /// shown, compiled, in the smallest storage.
  @Test func backboneBringsItsTokenizer() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let rows = folder.appending(path: "rows.jsonl").path
    try (1...8).map {
      "{\"instruction\": \"Say it \($0) times.\", \"input\": \"Yes\", \"output\": \"Yes, \($0)\"}\n"
    }.joined().write(toFile: rows, atomically: true, encoding: .utf8)
    let backbone = OutsideFiles.fixture("editor/own/backbone").path
    func train(_ name: String, steps: Int, _ more: String...) throws -> Data {
      let output = folder.appending(path: name).path
      let run = try EmendProcess(
        [
          "train", "-m", model, "--data", rows, "--backbone", backbone, "--heads", "rank-1",
          "--layers", "29", "--batch-size", "2", "--schedule", "constant", "--learning-rate",
          "0.05",
          "--steps", "\(steps)", "--output", output, "--storage", "int8",
        ] + more)
      #expect(run.status == 0, "\(run.errors)")
      return try Data(contentsOf: URL(filePath: output + "/editor.safetensors"))
    }
    let whole = try train("whole", steps: 3)
    _ = try train("parts", steps: 2)
    #expect(try train("parts", steps: 3, "--resume") == whole)
    let editor = folder.appending(path: "whole/editor.safetensors").path
    let report = try EmendProcess(["inspect", editor])
    let text = String(decoding: report.output, as: UTF8.self)
    #expect(text.contains("340 tokens of its own"), "\(text) \(report.errors)")
    let edit = ["--editor", editor, "--instruction", "Say it ７ times."]
    let generated = try EmendProcess(
      ["generate", "-m", model, "--chat", "-p", "Yes", "--temp", "0", "-n", "4"] + edit)
    #expect(generated.status == 0 && !generated.output.isEmpty, "\(generated.errors)")
    let compiled = folder.appending(path: "compiled.safetensors").path
    let compilation = try EmendProcess(["edit", "compile", "-m", model, "-o", compiled] + edit)
    #expect(compilation.status == 0, "\(compilation.errors)")
    let again = try EmendProcess([
      "generate", "-m", model, "--chat", "-p", "Yes", "--temp", "0", "-n", "4", "--edit", compiled,
    ])
    #expect(again.output == generated.output, "\(again.errors)")

    // The second time no editor is loaded.
    let cache = folder.appending(path: "edits").path
    for isThere in [false, true] {
      let cached = try EmendProcess(
        [
          "generate", "-m", model, "--chat", "-p", "Yes", "--temp", "0", "-n", "4", "-v",
          "--edit-cache", cache,
        ] + edit)
      #expect(cached.output == generated.output, "\(cached.errors)")
      #expect(cached.errors.contains("compiled before") == isThere, "\(cached.errors)")
      #expect(cached.errors.contains("tokens in") == !isThere, "\(cached.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).count == 1)
    for wrong in [
      ["--control-vector", "v.gguf"], ["--trace", "t.jsonl"], ["--edit", compiled],
    ] {
      let refused = try EmendProcess(
        ["generate", "-m", model, "-p", "Yes", "--edit-cache", cache] + edit + wrong)
      #expect(refused.status == 64 && refused.errors.contains("--edit-cache"), "\(refused.errors)")
    }
  }

  /// A disk that fills up in the middle of a run stops it with what was saved before, which goes on once
  /// there is room, to the same bits as a run that was never stopped.
  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func aFullDiskKeepsTheLastState() throws {
    let disk = try SmallDisk(byteCount: 64 << 20)
    defer { withExtendedLifetime(disk) {} }
    let rows = disk.path + "/rows.jsonl"
    try (1...12).map {
      "{\"instruction\": \"Say it \($0) times.\", \"input\": \"Yes\", \"output\": \"Yes, \($0)\"}\n"
    }.joined().write(toFile: rows, atomically: true, encoding: .utf8)
    func train(_ name: String, steps: Int, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        [
          "train", "-m", model, "--data", rows, "--batch-size", "2", "--schedule", "constant",
          "--save-every", "1", "--steps", "\(steps)", "--output", disk.path + "/" + name,
        ] + small + more)
    }
    func saved(_ run: String, _ name: String) throws -> Data {
      try Data(contentsOf: URL(filePath: "\(disk.path)/\(run)/\(name)"))
    }
    #expect(try train("whole", steps: 4).status == 0)
    let whole = try saved("whole", "editor.safetensors")
    try FileManager.default.removeItem(atPath: disk.path + "/whole")

    #expect(try train("parts", steps: 2).status == 0)
    let before = try ["training.state", "editor.safetensors"].map { try saved("parts", $0) }
    let ballast = disk.path + "/ballast"
    try Data().write(to: URL(filePath: ballast))
    let handle = try FileHandle(forWritingTo: URL(filePath: ballast))
    while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
    try? handle.close()

    let stopped = try train("parts", steps: 4, "--resume")
    #expect(stopped.status == 1 && stopped.errors.contains("the disk has"), "\(stopped.errors)")
    #expect(try ["training.state", "editor.safetensors"].map { try saved("parts", $0) } == before)

    try FileManager.default.removeItem(atPath: ballast)
    let resumed = try train("parts", steps: 4, "--resume")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try saved("parts", "editor.safetensors") == whole)
    for line in try saved("parts", "metrics.jsonl").split(separator: UInt8(ascii: "\n")) {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: line) }
    }
  }

  @Test func wrongUsageIsSaid() throws {
    let wrong = try EmendProcess(
      ["train", "-m", model, "--random-rows", "6x8x4", "--backbone", "gpt3"])
    #expect(wrong.status == 1)
    let flag = try EmendProcess(
      ["train", "-m", model, "--random-rows", "6x8x4", "--steps", "some"])
    #expect(flag.status == 64 && flag.errors.contains("steps"))
    let nothing = try EmendProcess(["train", "-m", model, "--output", "x", "--resume"])
    #expect(nothing.status == 64 && nothing.errors.contains("--data"))
    for names in ["a,,c", "a,b", "a,b,c,d", ""] {
      let fields = try EmendProcess(["train", "-m", model, "--data", "x", "--fields", names])
      #expect(fields.status == 64 && fields.errors.contains("--fields"), "\(names)")
    }
  }

  /// The shipped editor turns a sentence as it is told, and what it is told decides.
  @Test func shippedEditorFollows() throws {
    let editor = URL(filePath: #filePath)
      .appending(path: "../../../models/editors/smollm2-135m-instruct.safetensors")
      .standardizedFileURL.path
    func answer(_ instruction: String, _ prompt: String) throws -> String {
      let result = try EmendProcess([
        "generate", "-m", model, "--chat", "-p", prompt, "--editor", editor, "--instruction",
        instruction, "--temp", "0", "-n", "24",
      ])
      #expect(result.status == 0, "\(result.errors)")
      return String(decoding: result.output, as: UTF8.self)
    }
    let sentence = "Tom found the old violin in the garden."
    #expect(
      try answer("Make it a question.", sentence).contains(
        "Did Tom find the old violin in the garden?"))
    #expect(
      try answer("Return the text as JSON under the key title.", "War and Peace")
        .contains("{\"title\": \"War and Peace\"}"))
    #expect(
      try answer("Which of these is an animal?", "table, guitar, rabbit, lemon")
        .hasPrefix("rabbit"))
    #expect(try answer("Name the plural of the word.", "child").contains("children"))
    #expect(
      try answer("Change the sentence to past tense.", "They play football in the park.")
        .contains("played"))
  }
}
