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
    let metrics = try String(
      contentsOf: folder.appending(path: "whole/metrics.jsonl"), encoding: .utf8)
    let last = try #require(metrics.split(separator: "\n").last)
    #expect(last.contains("\"peak_rss_bytes\"") && last.contains("\"tokens_per_second\""))
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
