import Foundation
import TestSupport
import Testing

/// An editor of values (P7) on the command line: trained for a moment.
@Suite(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"))
struct ValueEditorTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = try #require(OutsideFiles.smolLM2).path
  }

  private func generate(_ more: [String]) throws -> String {
    let result = try EmendProcess(
      [
        "generate", "-m", model, "--chat", "--chat-template", "chatml", "-p", "one two", "--temp",
        "0", "-n", "6",
      ] + more)
    #expect(result.status == 0, "\(result.errors)")
    return result.text
  }

  /// It edits, is compiled and kept, and is no edit at strength 0; it is no control vector.
  @Test func edits() throws {
    let rows = try folder.file(
      "rows.jsonl",
      (0..<4).map {
        "{\"instruction\": \"Say \($0).\", \"input\": \"one two\", \"output\": \"\($0)\"}"
      }.joined(separator: "\n"))
    let output = folder.url.appending(path: "run").path
    let train = try EmendProcess([
      "train", "-m", model, "--data", rows, "--output", output, "--interface", "p7", "--backbone",
      "gpt2:1x8x1", "--layers", "12-23", "--steps", "3", "--batch-size", "2", "--learning-rate",
      "0.3", "--steps-per-eval", "0", "--val-rows", "0",
    ])
    #expect(train.status == 0, "\(train.errors)")
    let edit = ["--editor", output + "/editor.safetensors", "--instruction", "Say 3."]
    let (unedited, edited) = (try generate([]), try generate(edit))
    #expect(edited != unedited)
    #expect(try generate(edit + ["--strength", "0"]) == unedited)
    #expect(try generate(edit + ["--layers", "0-11"]) == unedited)
    let file = try folder.file("edit.safetensors")
    let compile = try EmendProcess(["edit", "compile", "-m", model] + edit + ["-o", file])
    #expect(compile.status == 0, "\(compile.errors)")
    #expect(try generate(["--edit", file]) == edited)
    let cache = folder.url.appending(path: "cache").path
    for _ in 0..<2 { #expect(try generate(edit + ["--edit-cache", cache]) == edited) }
    let export = try EmendProcess(
      ["edit", "export", "-m", model] + edit + ["-o", try folder.file("v.gguf")])
    #expect(export.status == 1 && export.isOneLineError, "\(export.errors)")
  }
}
