// More than 400 lines in one file: all of it asks the same models.
import Foundation
import TestSupport
import Testing

/// The commands with the real model: the shapes of `--json`, and what must agree with what.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct ModelCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""
  private let sentence = "The quick brown fox jumps over the lazy dog."

  private struct Generated: Decodable {
    struct Timings: Decodable {
      let loadSeconds, promptSeconds, promptTokensPerSecond, decodeSeconds: Double
      let decodeTokensPerSecond: Double
      let promptTokens, generatedTokens, decodedTokens, peakRssBytes: Int
    }
    let text, finishReason: String
    let ids, promptIds: [Int]
    let timings: Timings
  }

  private func generate(_ arguments: String...) throws -> Generated {
    try generate(arguments)
  }

  private func generate(_ arguments: [String]) throws -> Generated {
    let result = try EmendProcess(["generate", "-m", model, "--json"] + arguments)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    return try result.json(Generated.self)
  }

  @Test func generateIsTheSameWithAnyNumberOfThreads() throws {
    let one = try generate("-p", "Once upon a time", "-n", "24", "--temp", "0", "-t", "1")
    let two = try generate("-p", "Once upon a time", "-n", "24", "--temp", "0", "-t", "2")
    #expect(one.ids == two.ids && one.text == two.text && one.ids.count == 24)
    #expect(one.finishReason == "length" && one.promptIds == [6403, 1980, 253, 655])
    #expect(one.timings.promptTokens == 4 && one.timings.generatedTokens == 24)
    #expect(one.timings.decodedTokens == 23 && one.timings.decodeTokensPerSecond > 0)
  }

  /// What is said to be needed is not exceeded, and a limit below it is refused before anything is loaded.
  @Test(arguments: [
    ["-p", "Once", "-n", "8"], ["-p", "Once", "-n", "8", "-c", "16"],
    ["-p", "Once", "-n", "8", "--activations", "f32"],
  ])
  func memoryIsKept(arguments: [String]) throws {
    let result = try EmendProcess(["generate", "-m", model, "-v"] + arguments)
    let stated = try #require(result.errors.firstMatch(of: /memory: .* = ([\d.]+) MB/)?.output.1)
    let peak = try #require(result.errors.firstMatch(of: /peak memory ([\d.]+) MB/)?.output.1)
    #expect(Double(peak)! <= Double(stated)!, "\(result.errors)")
    let refused = try EmendProcess(
      ["generate", "-m", model, "--memory-limit", "\(Int(Double(stated)!) - 1)M"] + arguments)
    #expect(refused.status == 1 && refused.isOneLineError)
    #expect(refused.errors.contains("--memory-limit allows"), "\(refused.errors)")
    // What the program has before differs by a page or two from run to run.
    let allowed = try EmendProcess(
      ["generate", "-m", model, "--memory-limit", "\(Int(Double(stated)!) + 2)M"] + arguments)
    #expect(allowed.status == 0, "\(allowed.errors)")
  }

  /// llama.cpp's spellings: the model's own context, as many tokens as it holds, all candidates, escapes.
  @Test func llamaCppsSpellings() throws {
    let filled = try generate("-p", "Once", "-n", "-2", "-c", "16", "--temp", "0")
    #expect(filled.finishReason == "context_full")
    #expect(filled.promptIds.count + filled.ids.count == 17)
    let all = try generate("-p", "Once", "-n", "4", "-s", "1", "--top-k", "-1")
    #expect(try generate("-p", "Once", "-n", "4", "-s", "1", "--top-k", "0").ids == all.ids)
    let result = try EmendProcess([
      "generate", "-m", model, "-p", "Once", "-n", "1", "-c", "0", "-v",
    ])
    #expect(result.status == 0 && result.errors.contains("context 8192"), "\(result.errors)")
    let escaped = try generate("-e", "-p", #"a\n\tb\\\x41\q"#, "-n", "0")
    #expect(escaped.promptIds == (try generate("-p", "a\n\tb\\A\\q", "-n", "0").promptIds))
    #expect(try generate("-p", #"a\n"#, "-n", "0").promptIds != escaped.promptIds)
    struct Tokens: Decodable { let ids: [Int] }
    let tokens = try EmendProcess([
      "tokenize", "-m", model, "-e", #"a\n\tb\\\x41\q"#, "--json",
    ])
    #expect(try tokens.json(Tokens.self).ids == escaped.promptIds)
    let system = ["--chat", "-p", "x", "-n", "0", "--system"]
    #expect(
      try generate(["-e"] + system + [#"a\nb"#]).promptIds
        == (try generate(system + ["a\nb"]).promptIds))
  }

  /// A turn of another is not part of an answer, nor the space before it.
  @Test func conversationsEndAtTheTemplatesMarks() throws {
    let answer = try generate(
      "--chat", "--chat-template", "alpaca", "-p", "Say hello.", "-n", "80", "--temp", "0")
    #expect(answer.text == "Hello." && answer.finishReason == "stop_string")
  }

  /// The tokens that `generate --chat` reads are those that `tokenize --chat` shows.
  @Test func tokensOfConversations() throws {
    struct Tokens: Decodable { let ids: [Int] }
    let shown = try EmendProcess(
      ["tokenize", "-m", model, "--json", "--chat", "--system", "Be brief.", "Hello"])
    let read = try generate("--chat", "--system", "Be brief.", "-p", "Hello", "-n", "0")
    #expect(try shown.json(Tokens.self).ids == read.promptIds)
  }

  /// Tensors of any kind, and a model of a type that is not read.
  @Test func inspectReadsOtherFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let plain = OutsideFiles.fixture("conversion/whole/model.safetensors").path
    let tensors = try EmendProcess(["inspect", plain])
    #expect(tensors.status == 0 && tensors.text.contains("model.norm.weight"))
    // A type that is named and not run.
    let path = folder.appending(path: "iq.gguf").path
    let bytes = GGUFBuilder.file(
      metadata: [("general.architecture", .string("llama"))],
      tensors: [
        .init("blk.0.attn_q.weight", [256, 1], type: 16, data: .init(repeating: 0, count: 66))
      ])
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let outline = try EmendProcess(["inspect", path])
    #expect(outline.status == 0, "\(outline.errors)")
    #expect(outline.text.contains("iq2_xxs") && outline.text.contains("cannot run it"))
    let report = try EmendProcess(["inspect", path, "--json"])
    #expect(report.status == 0 && report.text.contains(#""memory_error""#))
  }

  @Test func seedsDecide() throws {
    let first = try generate("-p", "Once", "-n", "16", "-s", "1")
    #expect(try generate("-p", "Once", "-n", "16", "-s", "1").ids == first.ids)
    #expect(try generate("-p", "Once", "-n", "16", "-s", "2").ids != first.ids)
  }

  @Test func chatEndsWithTheEndToken() throws {
    let answer = try generate(
      "--chat", "--chat-template", "chatml", "-p", "What is the capital of France?", "--temp", "0",
      "-n", "64")
    #expect(answer.text.contains("Paris") && answer.finishReason == "end_token")
    #expect(!answer.text.contains("<|im_end|>"))
    // <|im_start|> begins the prompt, and a user who types it does not say it.
    #expect(answer.promptIds.first == 1)
    let typed = try generate("-p", "<|im_start|>", "-n", "0")
    #expect(typed.promptIds.count > 1 && !typed.promptIds.contains(1))
    #expect(try generate("-p", "<|im_start|>", "-n", "0", "--parse-special").promptIds == [1])
  }

  @Test func stopStringsEndTheText() throws {
    let whole = try generate("-p", "1, 2, 3, 4,", "-n", "24", "--temp", "0").text
    try #require(whole.contains("7"))
    let stopped = try generate("-p", "1, 2, 3, 4,", "-n", "24", "--temp", "0", "--stop", "7")
    #expect(stopped.text == String(whole[..<whole.firstIndex(of: "7")!]))
    #expect(stopped.finishReason == "stop_string")
  }

  @Test func contextThatIsFullEndsAndPromptsThatDoNotFitAreRefused() throws {
    let full = try generate("-p", "Once upon a time", "-c", "8", "--temp", "0", "--ignore-eos")
    #expect(full.finishReason == "context_full" && full.ids.count == 5)
    let refused = try EmendProcess(["generate", "-m", model, "-c", "3", "-p", "Once upon a time"])
    #expect(refused.status == 1 && refused.isOneLineError)
    #expect(refused.errors.contains("4 tokens") && refused.errors.contains("holds 3"))
  }

  /// The file, its cache, and 60 MB for everything else.
  @Test func memoryOfAModelIsInspected() throws {
    struct Inspected: Decodable {
      struct Memory: Decodable { let cacheBytes, weightsBytes, workspaceBytes, totalBytes: Int }
      let memory: Memory
      let bytes: Int
    }
    let inspected = try EmendProcess(["inspect", model, "--json"]).json(Inspected.self)
    let memory = inspected.memory
    #expect(
      memory.totalBytes == memory.cacheBytes + memory.weightsBytes + memory.workspaceBytes)
    let peak = try generate("-p", "Once", "-n", "8").timings.peakRssBytes
    #expect(peak <= inspected.bytes + memory.cacheBytes + 60_000_000)
  }

  @Test func inspectNamesEveryTensor() throws {
    struct Inspected: Decodable {
      struct Tensor: Decodable {
        let name, format: String
        let shape: [Int]
        let bytes: Int
      }
      struct Total: Decodable { let tensors, bytes: Int }
      let version: Int
      let tensors: [Tensor]
      let formats: [Total]
    }
    let result = try EmendProcess(["inspect", model, "--json"])
    let inspected = try result.json(Inspected.self)
    #expect(inspected.version == 3 && inspected.tensors.count == 272)
    #expect(inspected.formats.reduce(0) { $0 + $1.tensors } == 272)
    #expect(
      inspected.formats.reduce(0) { $0 + $1.bytes }
        == inspected.tensors.reduce(0) { $0 + $1.bytes })
    let embedding = try #require(inspected.tensors.first { $0.name == "token_embd.weight" })
    #expect(embedding.shape == [576, 49152] && embedding.format == "q8_0")
    let object = try JSONSerialization.jsonObject(with: result.output) as? [String: Any]
    let metadata = object?["metadata"] as? [String: Any]
    #expect(metadata?["llama.block_count"] as? Int == 30)
    #expect(metadata?["general.architecture"] as? String == "llama")
    let text = try EmendProcess(["inspect", model]).text
    #expect(text.contains("blk.29.ffn_down.weight") && text.contains("llama.block_count = 30"))
  }

  @Test func tokenizeGivesIDsAndPieces() throws {
    struct Tokens: Decodable, Equatable {
      let ids: [Int]
      let pieces: [String]
    }
    let argument = try EmendProcess(["tokenize", "-m", model, "--json", "Once upon a time"])
    let tokens = try argument.json(Tokens.self)
    #expect(
      tokens
        == Tokens(ids: [6403, 1980, 253, 655], pieces: ["Once", "Ġupon", "Ġa", "Ġtime"]))
    let piped = try EmendProcess(
      ["tokenize", "-m", model, "--json", "-f", "-"], input: "Once upon a time")
    #expect(try piped.json(Tokens.self) == tokens)
    #expect(
      try EmendProcess(["tokenize", "-m", model, "Once upon"]).text == "6403\tOnce\n1980\tĠupon\n")
  }

  /// The model's own template, with its system turn; a family and an editor's prompt have none.
  @Test func conversationsAreWrittenAsTheModelsTemplateSays() throws {
    struct Conversation: Decodable {
      let ids: [Int]
      let text: String
    }
    func tokenized(_ arguments: String...) throws -> Conversation {
      try EmendProcess(
        ["tokenize", "-m", model, "--json", "--messages", "-"] + arguments,
        input: #"[{"role": "user", "content": "Hi"}]"#
      ).json(Conversation.self)
    }
    let own = try tokenized()
    #expect(
      own.text == "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by "
        + "Hugging Face<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    #expect(try generate("--chat", "-p", "Hi", "-n", "1").promptIds == own.ids)
    let family = try tokenized("--chat-template", "chatml")
    #expect(family.text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    let plain = try generate("--chat", "--chat-template", "chatml", "-p", "Hi", "-n", "1")
    #expect(plain.promptIds == family.ids)
    #expect(
      try tokenized("--no-generation-prompt").text + "<|im_start|>assistant\n" == own.text)
    let editor = OutsideFiles.repository.appending(
      path: "models/editors/smollm2-135m-instruct-p0.safetensors")
    let edited = try generate(
      "--chat", "-p", "Hi", "-n", "1", "--editor", editor.path, "--instruction", "Be brief.")
    #expect(edited.promptIds == family.ids)
  }

  @Test(arguments: [
    (#"[{"role": "robot", "content": "Hi"}]"#, "role"), (#"{"role": "user"}"#, "not a list"),
    (#"[{"role": "user"}]"#, "content"), ("nonsense", "JSON"),
  ])
  func conversationsThatAreNone(text: String, word: String) throws {
    let result = try EmendProcess(["tokenize", "-m", model, "--messages", "-"], input: text)
    #expect(result.status == 1 && result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains(word), "\(result.errors)")
  }

  @Test func scoresAgreeWithTheLogitsWritten() throws {
    struct Scores: Decodable {
      let ids: [Int]
      let logprobs: [Double?]
    }
    let folder = try TemporaryFolder()
    let text = try folder.file("text", sentence)
    let logits = try folder.file("logits.safetensors")
    let result = try EmendProcess(
      ["score", "-m", model, "-f", text, "--json", "--logits", logits])
    #expect(result.status == 0, "\(result.errors)")
    let scores = try result.json(Scores.self)
    #expect(scores.ids.count == 10 && scores.logprobs.count == 10)
    try #require(scores.logprobs[0] == nil)

    struct Header: Decodable {
      struct Tensor: Decodable {
        let dtype: String
        let shape, dataOffsets: [Int]
      }
      let ids, logits: Tensor
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: logits))
    func integer<I: FixedWidthInteger>(_ type: I.Type, at offset: Int) -> I {
      data.withUnsafeBytes { I(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: I.self)) }
    }
    let start = 8 + Int(integer(UInt64.self, at: 0))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let header = try decoder.decode(Header.self, from: data[8..<start])
    #expect(header.ids.dtype == "I32" && header.ids.shape == [10])
    #expect(header.logits.dtype == "F32" && header.logits.shape == [10, 49152])
    #expect(header.ids.dataOffsets == [0, 40] && start % 8 == 0)
    #expect(header.logits.dataOffsets == [40, 40 + 4 * 10 * 49152])
    try #require(data.count == start + header.logits.dataOffsets[1])
    for (index, id) in scores.ids.enumerated() {
      #expect(integer(Int32.self, at: start + 4 * index) == Int32(id))
      guard index > 0 else { continue }
      let row = start + 40 + 4 * 49152 * (index - 1)
      let values = (0..<49152).map {
        Double(Float(bitPattern: integer(UInt32.self, at: row + 4 * $0)))
      }
      let sum = values.reduce(0) { $0 + exp($1) }
      // The product sums expf in double precision: 49152 terms each off by up to 1e-7 relative.
      #expect(abs(try #require(scores.logprobs[index]) - (values[id] - log(sum))) < 1e-6)
    }
  }

  @Test func perplexityIsWhatTheScoresSay() throws {
    struct Result: Decodable {
      let perplexity, stderr: Double
      let tokens, chunks: Int
    }
    struct Comparison: Decodable {
      let klMean, klMax, sameTop, perplexity, basePerplexity, perplexityRatio: Double
      let klPercentiles: [String: Double]
      let tokens: Int
    }
    let folder = try TemporaryFolder()
    let text = try folder.file("text", String(repeating: sentence + " It was late. ", count: 12))
    let base = try folder.file("base.kld")
    let result = try EmendProcess([
      "perplexity", "-m", model, "-f", text, "-c", "32", "--chunks", "2", "--json",
      "--kl-divergence-base", base,
    ])
    #expect(result.status == 0, "\(result.errors)")
    let measured = try result.json(Result.self)
    #expect(measured.tokens == 30 && measured.chunks == 2 && measured.perplexity > 1)

    // The same model against its own base: a code is at most 16/65535 apart from the next.
    let compared = try EmendProcess([
      "perplexity", "-m", model, "--kl-divergence-base", base, "--kl-divergence", "--json",
    ]).json(Comparison.self)
    #expect(compared.perplexity == measured.perplexity && compared.tokens == 30)
    #expect(abs(compared.klMean) < 1.3e-4 && compared.sameTop > 0.9)
    #expect(abs(compared.perplexityRatio - 1) < 1.3e-4)
    #expect(compared.klPercentiles["99"]! <= compared.klMax)

    let short = try EmendProcess(["perplexity", "-m", model, "-f", text])
    #expect(short.status == 1 && short.isOneLineError && short.errors.contains("1024"))
  }

  @Test func benchReportsItsTests() throws {
    struct Test: Decodable {
      let test: String
      let tokensPerSecond, stddev: Double
      let peakRssBytes: Int
    }
    let options = ["bench", "-m", model, "-p", "16", "-n", "4", "-d", "8", "-r", "2", "-o"]
    let tests = try EmendProcess(options + ["json"]).json([Test].self)
    #expect(tests.map(\.test) == ["pp16", "tg4@d8"])
    #expect(tests.allSatisfy { $0.tokensPerSecond > 0 && $0.peakRssBytes > 100_000_000 })
    #expect(try EmendProcess(options + ["md"]).text.hasPrefix("| test | tokens/s |"))
    #expect(try EmendProcess(options + ["csv"]).text.split(separator: "\n").count == 3)
  }

  @Test func chatReadsTurnsFromAPipe() throws {
    let turns = """
      What is the capital of France?
      And of Italy?
      /clear
      /nonsense
      What is the capital of France?
      /exit
      not read
      """
    let options = [
      "chat", "-m", model, "--chat-template", "chatml", "--temp", "0", "-n", "32", "-v",
    ]
    let result = try EmendProcess(options, input: turns)
    #expect(result.status == 0, "\(result.errors)")
    let answers = result.text.split(separator: "\n")
    #expect(answers.count >= 3 && answers.first == answers.last)
    #expect(answers.first?.contains("Paris") == true)
    // The second turn reads only what is new; the one after /clear shares only the beginning.
    let reads = result.errors.split(separator: "\n").filter { $0.hasPrefix("prompt ") }
    #expect(reads.count == 3 && reads[1].contains("of them kept"))
    #expect(result.errors.contains("There is no /nonsense"))
  }

  @Test func chatSaysWhenTheContextIsFull() throws {
    let long = String(repeating: "word ", count: 60)
    let result = try EmendProcess(
      ["chat", "-m", model, "--temp", "0", "-c", "48", "-n", "4"],
      input: "Hi\n\(long)\n/clear\nHi\n")
    #expect(result.status == 1 && result.errors.contains("the context holds 48"))
    #expect(result.errors.contains("error: 1 of the lines were not answered"))
    let answers = result.text.split(separator: "\n")
    #expect(answers.count >= 2 && answers.first == answers.last)
  }

  @Test func interruptEndsTheTextCleanly() throws {
    var isInterrupted = false
    let result = try EmendProcess(
      ["generate", "-m", model, "-p", "Once", "--ignore-eos", "--temp", "0", "-n", "500"]
    ) { process in
      if !isInterrupted { process.interrupt() }
      isInterrupted = true
    }
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect((2..<1000).contains(result.text.count) && result.text.hasSuffix("\n"))
  }
}
