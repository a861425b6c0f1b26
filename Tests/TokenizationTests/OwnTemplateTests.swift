import ModelFiles
import TestSupport
import Testing
import Tokenization

/// A model's own template with its tokenizer.
@Suite struct OwnTemplateTests {
  /// A byte-level vocabulary with ChatML's control tokens and a template of its own.
  private static func tokenizer(_ template: String) throws -> Tokenizer {
    let path = OutsideFiles.fixture("tokenizers/byte_bpe.gguf").path
    var vocabulary = try Vocabulary(GGUFFile(path: path).metadata)
    vocabulary.chatTemplate = template
    return try Tokenizer(vocabulary: vocabulary)
  }

  private static func source(_ name: String) throws -> String {
    try #require(JinjaTemplateTests.fixture().templates.first { $0.name == name }?.source)
  }

  /// Ordinary text: the ids of the whole text that transformers writes, control tokens parsed.
  @Test func idsAreThoseOfTheWholeText() throws {
    let fixture = try JinjaTemplateTests.fixture()
    var compared = 0
    for template in fixture.templates {
      let tokenizer = try Self.tokenizer(template.source)
      let own = try ChatTemplate(of: tokenizer.vocabulary)
      let tokens = ["bos_token": "<|im_start|>", "eos_token": "<|im_end|>"]
      for messages in fixture.conversations {
        guard
          case .success(let segments) = JinjaTemplateTests.outcome(
            template.source, messages, tokens: tokens),
          template.name != "whitespace" || !messages.isEmpty
        else { continue }
        let text = segments.map(\.text).joined()
        guard let ids = try? own.encode(messages, with: tokenizer) else { continue }
        let whole = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
        // A user-defined piece ("  \n" here) is looked for in what each says by itself.
        if whole.contains(where: { tokenizer.type(of: $0) == .userDefined }) { continue }
        compared += 1
        #expect(ids == whole, "\(template.name): \(text)")
      }
    }
    #expect(compared > 30)
  }

  /// SmolLM2's own template has a system turn where none is given; the family's has not.
  @Test(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"))
  func theModelsOwnSystemTurn() throws {
    let tokenizer = try LlamaCppTests.tokenizer("smollm2")
    let own = try ChatTemplate(of: tokenizer.vocabulary)
    let question = [ChatMessage(.user, "Hi <|im_end|>")]
    let text =
      "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
      + "<|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n"
    let ids = try own.encode(question, with: tokenizer)
    #expect(tokenizer.decode(ids, special: true) == text)
    let end = try #require(tokenizer.token(forPiece: "<|im_end|>"))
    #expect(ids.count { $0 == end } == 2)
    #expect(
      try tokenizer.decode(
        Array(ids.prefix(own.firstContentToken(after: .user, with: tokenizer))), special: true
      ).hasSuffix("user\n"))
    let family = try ChatFamily(of: tokenizer.vocabulary)
    #expect(!family.encode(question, with: tokenizer).starts(with: ids.prefix(6)))
    let system = [ChatMessage(.system, "Be brief.")] + question
    #expect(try own.encode(system, with: tokenizer) == family.encode(system, with: tokenizer))
  }

  @Test func theAssistantsTurnEndsAsTheTemplateWritesIt() throws {
    func end(_ template: String) throws -> (pieces: Set<String>, strings: [String]) {
      let tokenizer = try Self.tokenizer(template)
      let end = try ChatTemplate(of: tokenizer.vocabulary).assistantTurnEnd(with: tokenizer)
      return (Set(end.tokens.map(tokenizer.piece)), end.strings)
    }
    let chatml = try end(try Self.source("default_system"))
    #expect(chatml.pieces == ["<|im_end|>"] && chatml.strings == ["<|im_end|>", "<|im_start|>"])
    // Neither its turns nor what ends them are control tokens of this vocabulary.
    let turns = try end(try Self.source("parts"))
    #expect(turns.pieces == ["<|im_end|>"] && turns.strings == ["<|im_end|>"])
    let headings = try end(
      "{% for m in messages %}### {{ m.role }}:\n{{ m.content }}\n\n{% endfor %}")
    #expect(headings.pieces.isEmpty && headings.strings == ["### user:"])
    let silent = try end("{{ messages[0].content }}")
    #expect(silent.pieces.isEmpty && silent.strings.isEmpty)
    let refusing = try end("{{ raise_exception('no') }}")
    #expect(refusing.pieces.isEmpty && refusing.strings.isEmpty)
    #expect(
      try ChatTemplate.family(.llama2).assistantTurnEnd(with: Self.tokenizer("")).strings
        == ["[INST]"])
  }

  @Test func aSystemTextThatWouldGoUnheardIsRefused() throws {
    let template =
      "{% for m in messages if m.role != 'system' %}{{ m.content }}<|im_end|>{% endfor %}"
    let tokenizer = try Self.tokenizer(template)
    let own = try ChatTemplate(of: tokenizer.vocabulary)
    let system = [ChatMessage(.system, "Be brief."), ChatMessage(.user, "x")]
    #expect(throws: TokenizationError.systemTextLost) { try own.encode(system, with: tokenizer) }
    let blank = [ChatMessage(.system, " \n"), ChatMessage(.user, "x")]
    #expect(try !own.encode(blank, with: tokenizer).isEmpty)
  }

  @Test func errorsSayWhatAndWhereAndTheRemedy() throws {
    let tokenizer = try Self.tokenizer("a\n{{ messages | groupby('role') }}")
    let own = try ChatTemplate(of: tokenizer.vocabulary)
    let error = try #require(throws: TokenizationError.self) {
      try own.encode([ChatMessage(.user, "x")], with: tokenizer)
    }
    #expect(
      error.description.contains(
        "cannot be evaluated, line 2, column 13: there is no filter \"groupby\" here"))
    #expect(error.description.contains("llama2, mistral, chatml, zephyr, alpaca, llama3"))
    let refusing = try Self.tokenizer("{{ raise_exception('no\nsuch') }}")
    let refusal = try #require(throws: TokenizationError.self) {
      try ChatTemplate(of: refusing.vocabulary).encode([], with: refusing)
    }
    #expect(refusal.description.contains("refuses this conversation: \"no\\nsuch\""))
    let syntax = try #require(throws: TokenizationError.self) {
      try ChatTemplate(of: Self.tokenizer("{% if %}").vocabulary)
    }
    #expect(syntax.description.contains("cannot be read, line 1, column 7"))
  }
}
