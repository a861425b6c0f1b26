import Foundation
import TestSupport
import Testing

/// The shipped prefix editor (P8) on the command line.
@Suite(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"))
struct PrefixEditorTests {
  private static let editor = URL(filePath: #filePath)
    .appending(path: "../../../models/editors/smollm2-135m-instruct.safetensors").standardized.path

  private func generate(_ more: String...) throws -> EmendProcess {
    try EmendProcess(
      [
        "generate", "-m", try #require(OutsideFiles.smolLM2).path, "--chat", "-p",
        "Tom found the old violin in the garden.", "--temp", "0", "-n", "16",
      ] + more)
  }

  /// An instruction is followed; what it was compiled to, in a file or in a cache, says the same.
  @Test func compiledIsRead() throws {
    let folder = try TemporaryFolder()
    let model = try #require(OutsideFiles.smolLM2).path
    let instruction = "Make it a question."
    let read = try generate("--editor", Self.editor, "--instruction", instruction)
    #expect(read.status == 0, "\(read.errors)")
    #expect(read.text.contains("?"), "\(read.text)")
    let file = try folder.file("edit.safetensors")
    let compile = try EmendProcess([
      "edit", "compile", "-m", model, "--editor", Self.editor, "--instruction", instruction, "-o",
      file,
    ])
    #expect(compile.status == 0, "\(compile.errors)")
    #expect(try generate("--edit", file).text == read.text)
    let cache = folder.url.appending(path: "cache").path
    for _ in 0..<2 {
      let cached = try generate(
        "--editor", Self.editor, "--instruction", instruction, "--edit-cache", cache)
      #expect(cached.status == 0 && cached.text == read.text, "\(cached.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).count == 1)
  }

  /// Strength 0 is no edit; others, and chosen blocks, are others.
  @Test func strengthAndLayers() throws {
    let unedited = try generate().text
    func text(_ more: String...) throws -> String {
      let result = try EmendProcess(
        [
          "generate", "-m", try #require(OutsideFiles.smolLM2).path, "--chat", "-p",
          "Tom found the old violin in the garden.", "--temp", "0", "-n", "16", "--editor",
          Self.editor, "--instruction", "Make it a question.",
        ] + more)
      #expect(result.status == 0, "\(result.errors)")
      return result.text
    }
    #expect(try text("--strength", "0") == unedited)
    #expect(try text() != unedited)
    #expect(try !text("--strength", "0.5").isEmpty)
    #expect(try !text("--layers", "12-23").isEmpty)
  }

  /// Keys and values are no vectors: export says so.
  @Test func exportIsRefused() throws {
    let folder = try TemporaryFolder()
    let result = try EmendProcess([
      "edit", "export", "-m", try #require(OutsideFiles.smolLM2).path, "--editor", Self.editor,
      "--instruction", "Be brief.", "-o", try folder.file("brief.gguf"),
    ])
    #expect(result.status == 1 && result.isOneLineError)
    #expect(
      result.errors.contains("keys and values in front of the prompt")
        && result.errors.contains("emend edit compile"), "\(result.errors)")
  }

  /// What cannot be together is refused in one sentence, and nothing runs without the edit.
  @Test(
    arguments: [
      (["--instruction", "  "], "is empty"),
      (["--instruction", "Be brief.", "--system", "You are a cook."], "without a system text"),
      (
        [
          "--instruction", "Be brief.", "--instruction", "In capitals.", "--strength", "1",
          "--strength", "2",
        ],
        "one strength"
      ),
    ])
  func refusals(flags: [String], words: String) throws {
    let result = try EmendProcess(
      [
        "generate", "-m", try #require(OutsideFiles.smolLM2).path, "--chat", "-p", "Hi.",
        "--editor",
        Self.editor,
      ] + flags)
    #expect(result.status == 1 || result.status == 64)
    #expect(result.isOneLineError && result.errors.contains(words), "\(result.errors)")
    #expect(result.text.isEmpty)
  }
}
