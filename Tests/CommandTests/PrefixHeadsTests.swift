import Foundation
import TestSupport
import Testing

/// A prefix editor (P8) that reads with a GPT-2 and its tokenizer, on the command line: trained for a moment.
@Suite(
  .serialized, .enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models")
)
struct PrefixHeadsTests {
  private let folder: TemporaryFolder
  private let editor: String
  private static let instruction = "Answer the question in Russian, please."

  init() throws {
    folder = try TemporaryFolder()
    let rows = try folder.file(
      "rows.jsonl",
      (0..<4).map {
        "{\"instruction\": \"Say \($0).\", \"input\": \"one two\", \"output\": \"\($0)\"}"
      }.joined(separator: "\n"))
    let output = folder.url.appending(path: "run").path
    editor = output + "/editor.safetensors"
    let train = try EmendProcess([
      "train", "-m", try #require(OutsideFiles.smolLM2).path, "--data", rows, "--output", output,
      "--interface", "p8", "--backbone", OutsideFiles.fixture("editor/own/backbone").path,
      "--steps", "2", "--batch-size", "2", "--steps-per-eval", "0", "--val-rows", "0",
    ])
    #expect(train.status == 0, "\(train.errors)")
  }

  private func generate(_ more: String...) throws -> EmendProcess {
    let result = try EmendProcess(
      [
        "generate", "-m", try #require(OutsideFiles.smolLM2).path, "--chat", "-p",
        "Tom found the old violin in the garden.", "--temp", "0", "-n", "8",
      ] + more)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  /// It writes, is compiled and cached, and is no edit at strength 0; a chosen few blocks are another one.
  @Test func edits() throws {
    let edit = ["--editor", editor, "--instruction", Self.instruction]
    let model = try #require(OutsideFiles.smolLM2).path
    let read = try generate("--editor", editor, "--instruction", Self.instruction).text
    let unedited = try generate().text
    #expect(read != unedited)
    #expect(
      try generate("--editor", editor, "--instruction", Self.instruction, "--strength", "0").text
        == unedited)
    let file = try folder.file("edit.safetensors")
    let compile = try EmendProcess(["edit", "compile", "-m", model] + edit + ["-o", file])
    #expect(compile.status == 0, "\(compile.errors)")
    #expect(try generate("--edit", file).text == read)
    let cache = folder.url.appending(path: "cache").path
    for _ in 0..<2 {
      #expect(
        try generate(
          "--editor", editor, "--instruction", Self.instruction, "--edit-cache", cache
        ).text == read)
    }
    for more in [
      ["--strength", "0.5"], ["--layers", "3-9"],
      ["--strength", "0.5", "--strength-around", "mean"], ["--system", "You are a cook."],
    ] {
      let result = try EmendProcess(
        ["generate", "-m", model, "--chat", "-p", "Hello", "--temp", "0", "-n", "4"] + edit + more)
      #expect(result.status == 0, "\(result.errors)")
    }
    let chat = try EmendProcess(
      ["chat", "-m", model, "--temp", "0", "-n", "8"] + edit,
      input: "Tom found the old violin in the garden.\nAnd then?\n")
    #expect(chat.status == 0, "\(chat.errors)")
    #expect(
      chat.text.trimmingCharacters(in: .newlines)
        .hasPrefix(read.trimmingCharacters(in: .newlines)), "\(chat.text)")
    let export = try EmendProcess(
      ["edit", "export", "-m", model] + edit + ["-o", try folder.file("v.gguf")])
    #expect(export.status == 1 && export.isOneLineError, "\(export.errors)")
  }

  /// A trace has the words of the GPT-2's tokenizer between those of the template.
  @Test func tracesShowTheNetworksWords() throws {
    struct Known: Decodable {
      let text: String
      let ids: [Int]
    }
    let known = try JSONDecoder().decode(
      [Known].self, from: Data(contentsOf: OutsideFiles.fixture("editor/own/ids.json")))
    let ids = try #require(known.first { $0.text == Self.instruction }).ids
    let pieces = try JSONDecoder().decode(
      [String: Int].self,
      from: Data(contentsOf: OutsideFiles.fixture("editor/own/backbone/vocab.json")))
    let words = ids.map { id in pieces.first { $0.value == id }?.key ?? "" }
    let file = try folder.file("trace.jsonl.zst")
    _ = try generate("--editor", editor, "--instruction", Self.instruction, "--trace", file)
    let shown = try EmendProcess(["edit", "show", file])
    #expect(shown.status == 0, "\(shown.errors)")
    let lines = shown.text.split(separator: "\n").map(String.init).filter { $0.contains(" |") }
    let found = lines.prefix(words.count + 4).map { line in
      line.range(of: " |").map { line[..<$0.lowerBound].trimmingCharacters(in: .whitespaces) }
    }
    #expect(found == ["<|im_start|>", "user", "Ċ"] + words + ["Ċ"], "\(shown.text)")
  }

  /// What does not go together is refused by the option's name before anything is read.
  @Test(arguments: [["--positions", "all"], ["--scale", "norm"], ["--frozen", "gates"]])
  func optionsAreRefused(options: [String]) throws {
    let result = try EmendProcess(
      [
        "train", "-m", try #require(OutsideFiles.smolLM2).path, "--data", "rows.jsonl", "--output",
        folder.url.path, "--interface", "p8", "--backbone", "gpt2:1x8x1",
      ] + options)
    #expect(result.status != 0 && result.errors.contains(options[0]), "\(result.errors)")
  }
}
