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

  /// An editor that was trained on conversations says so where the prompt is plain text, whose answer is often empty;
  /// not in a conversation, nor at strength 0, which is no edit.
  @Test func plainTextIsWarnedOf() throws {
    let model = try #require(OutsideFiles.smolLM2).path
    func errors(_ more: String..., strength: String = "1") throws -> String {
      try EmendProcess(
        [
          "generate", "-m", model, "-p", "Why is the sky blue?", "-n", "4", "--temp", "0",
          "--editor", Self.editor, "--instruction", "Answer in French.", "--strength", strength,
        ] + more
      ).errors
    }
    let plain = try errors()
    #expect(plain.contains("warning: ") && plain.contains("--chat"), "\(plain)")
    #expect(try !errors("--chat").contains("warning"))
    #expect(try !errors(strength: "0").contains("warning"))
  }

  /// How fast a model is with a compiled edit: in front of the prompt is the conversation's beginning that the edit was
  /// made for, with a system text and without, in a context that has room for it and no more; and no other model's.
  @Test func benchOpensTheConversation() throws {
    let folder = try TemporaryFolder()
    let model = try #require(OutsideFiles.smolLM2).path
    for system in [[], ["--system", "You are a sailor."]] {
      let file = try folder.file("edit\(system.count).safetensors")
      let compile = try EmendProcess(
        [
          "edit", "compile", "-m", model, "--editor", Self.editor, "--instruction", "Be brief.",
          "-o", file,
        ] + system)
      #expect(compile.status == 0, "\(compile.errors)")
      let bench = try EmendProcess([
        "bench", "-m", model, "--edit", file, "-p", "3", "-n", "2", "-r", "1", "-o", "csv",
      ])
      #expect(bench.status == 0, "\(bench.errors)")
      #expect(
        bench.text.split(separator: "\n").dropFirst().map { $0.prefix(4) } == ["pp3,", "tg2,"])
    }
    let other = try EmendProcess(["bench", "-m", model, "--edit", Self.editor, "-r", "1"])
    #expect(other.status == 1 && other.errors.contains("editor"), "\(other.errors)")
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
    // The embeddings of the words that are read are no part of the edit, and stay.
    #expect(try text("--layers", "12-23").contains("violin"))
    #expect(try text("--strength", "0.25").contains("violin"))
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

  /// What the system says is read beside the instruction; a compiled edit is of the system text that it was made
  /// for.
  @Test func systemTexts() throws {
    let folder = try TemporaryFolder()
    let model = try #require(OutsideFiles.smolLM2).path
    let edit = ["--editor", Self.editor, "--instruction", "Make it a question."]
    let read = try generateWith(edit + ["--system", "You are a sailor."])
    #expect(read.status == 0 && !read.text.isEmpty, "\(read.errors)")
    let file = try folder.file("edit.safetensors")
    let compile = try EmendProcess(
      ["edit", "compile", "-m", model, "--system", "You are a sailor.", "-o", file] + edit)
    #expect(compile.status == 0, "\(compile.errors)")
    #expect(try generateWith(["--edit", file, "--system", "You are a sailor."]).text == read.text)
    for other in [[], ["--system", "You are a cook."]] {
      let refused = try generateWith(["--edit", file] + other)
      #expect(refused.status == 1 && refused.isOneLineError, "\(refused.errors)")
      #expect(refused.errors.contains("system text"))
    }
  }

  private func generateWith(_ more: [String]) throws -> EmendProcess {
    try EmendProcess(
      [
        "generate", "-m", try #require(OutsideFiles.smolLM2).path, "--chat", "-p",
        "Tom found the old violin in the garden.", "--temp", "0", "-n", "16",
      ] + more)
  }

  private struct Scores: Decodable {
    let ids: [Int]
    let logprobs: [Double?]
  }

  /// The text behind the instruction is scored: the wanted answer is likelier under it, and likelier than
  /// another.
  @Test func scores() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("talk.txt")
    let talk = """
      <|im_start|>user
      Tom found the old violin in the garden.<|im_end|>
      <|im_start|>assistant
      Did Tom find the old violin in the garden?<|im_end|>
      """
    try talk.write(toFile: file, atomically: true, encoding: .utf8)
    func score(_ more: [String]) throws -> Scores {
      let result = try EmendProcess(
        ["score", "-m", try #require(OutsideFiles.smolLM2).path, "-f", file, "--json"] + more)
      #expect(result.status == 0, "\(result.errors)")
      return try result.json(Scores.self)
    }
    let edit = ["--editor", Self.editor, "--instruction", "Make it a question."]
    let plain = try score(["--chat"])
    let edited = try score(["--chat"] + edit)
    let other = try score(
      ["--chat", "--editor", Self.editor, "--instruction", "Write it in capital letters."])
    // The conversation's opening is the instruction's, and the first token behind it has nothing in front of it
    // that has logits.
    #expect(edited.ids.count < plain.ids.count && plain.ids.suffix(edited.ids.count) == edited.ids)
    #expect(edited.logprobs.count == edited.ids.count && edited.logprobs[0] == nil)
    #expect(edited.logprobs.dropFirst().allSatisfy { $0 != nil })
    func answer(_ scores: Scores) -> Double {
      scores.logprobs.suffix(12).reduce(0) { $0 + ($1 ?? 0) }
    }
    #expect(answer(edited) > answer(plain) + 1)
    #expect(answer(edited) > answer(other) + 1)
    // A text that is no conversation has the instruction in a line in front.
    let text = try score(edit)
    #expect(text.logprobs[0] == nil && text.logprobs.dropFirst().allSatisfy { $0 != nil })
    try "Tom found a violin.".write(toFile: file, atomically: true, encoding: .utf8)
    let refused = try EmendProcess(
      ["score", "-m", try #require(OutsideFiles.smolLM2).path, "-f", file, "--chat"] + edit)
    #expect(refused.status == 1 && refused.isOneLineError, "\(refused.errors)")
  }

  /// A trace has the words that were read, and what of them the editor reads otherwise than the model; the picture
  /// has a line for each.
  @Test func traces() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("trace.jsonl.zst")
    let picture = try folder.file("trace.svg")
    let traced = try generate(
      "--editor", Self.editor, "--instruction", "Make it a question.", "--trace", file)
    #expect(traced.status == 0, "\(traced.errors)")
    #expect(
      try traced.text
        == generate("--editor", Self.editor, "--instruction", "Make it a question.").text)
    let shown = try EmendProcess(["edit", "show", file, "--svg", picture])
    #expect(shown.status == 0, "\(shown.errors)")
    let lines = shown.text.split(separator: "\n").map(String.init)
    let words = lines.filter { $0.contains("question") || $0.contains("Make") }
    #expect(words.count == 2)
    #expect(words.allSatisfy { $0.contains { "=+*#%@".contains($0) } }, "\(words)")
    #expect(shown.text.contains("KL(unedited || edited)"))
    #expect(try String(contentsOfFile: picture, encoding: .utf8).contains("question</text>"))
  }

  /// The edit is there turn after turn, and after the system's text has changed; the second answer is the one of the
  /// whole conversation.
  @Test func conversations() throws {
    let model = try #require(OutsideFiles.smolLM2).path
    let chat = try EmendProcess(
      [
        "chat", "-m", model, "--temp", "0", "-n", "16", "--editor", Self.editor, "--instruction",
        "Make it a question.",
      ],
      input: """
        Tom found the old violin in the garden.
        The baker sold the last loaf at noon.
        /system You are a sailor.
        Tom found the old violin in the garden.

        """)
    #expect(chat.status == 0, "\(chat.errors)")
    let alone = try generate("--editor", Self.editor, "--instruction", "Make it a question.").text
    let sailor = try generate(
      "--editor", Self.editor, "--instruction", "Make it a question.", "--system",
      "You are a sailor."
    ).text
    #expect(chat.text.hasPrefix(alone.trimmingCharacters(in: .newlines)))
    #expect(
      chat.text.trimmingCharacters(in: .newlines).hasSuffix(
        sailor.trimmingCharacters(in: .newlines)), "\(chat.text)")
    #expect(chat.text.filter { $0 == "?" }.count >= 3, "\(chat.text)")
  }
}
