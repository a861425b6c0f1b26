import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing
import ModelFiles
import TestSupport
import Testing
import Tokenization

@Suite struct PromptTemplateTests {
  private struct Prompts: Decodable {
    let instruction: [Int]
    let prompt: [Int]
    let prompted: [Int]
    let response: [Int]
  }

  private static func rows() throws -> [TrainingRow] {
    try TrainingData(
      files: [TrainingDataFile(path: OutsideFiles.fixture("training/rows.json").path)]
    ).rows
  }

  private static func tokenizer(_ path: String) throws -> Tokenizer {
    try Tokenizer(vocabulary: Vocabulary(GGUFFile(path: path).metadata))
  }

  private static func examples(
    _ rows: [TrainingRow], _ template: PromptTemplate, _ tokenizer: Tokenizer,
    sequence: Int = 1 << 20, instruction: Int = 1 << 20, prompted: Bool = true
  ) throws -> TokenizedExamples {
    try TokenizedExamples(
      rows, template: template, tokenizer: tokenizer,
      instructions: InstructionTokenizer(processor: tokenizer),
      limits: .init(sequence: sequence, instruction: instruction, includesPrompted: prompted))
  }

  /// The ids that llama.cpp gives, and those that `emend generate --chat` begins with.
  @Test(.enabled(if: OutsideFiles.smolLM2 != nil, "run tools/fetch-models"))
  func chatMLAsLlamaCppHasIt() throws {
    let tokenizer = try Self.tokenizer(OutsideFiles.smolLM2!.path)
    let template = try PromptTemplate(for: tokenizer.vocabulary)
    #expect(template == .chat(.chatml))
    let rows = try Self.rows()
    let wanted = try JSONDecoder().decode(
      [Prompts].self, from: Data(contentsOf: OutsideFiles.fixture("training/prompts.json")))
    let tokenized = try Self.examples(rows, template, tokenizer)
    #expect(tokenized.examples.count == wanted.count)
    for (example, wanted) in zip(tokenized.examples, wanted) {
      #expect(example.instruction == wanted.instruction)
      #expect(example.prompt == wanted.prompt)
      #expect(example.prompted == wanted.prompted)
      #expect(example.response == wanted.response)
      #expect(
        example.prompt
          == ChatFamily.chatml.encode(
            [ChatMessage(.user, rows[example.row].input)], with: tokenizer))
    }
    // <|im_start|> "user" "\n".
    #expect(tokenized.firstContent == 3)
  }

  /// Every template with vocabularies of both kinds: a response says the output and ends once.
  @Test(
    arguments: ["plain", "byte_bpe"], ["plain", "llama2", "chatml", "zephyr", "alpaca", "llama3"])
  func responsesSayTheOutput(vocabulary: String, name: String) throws {
    let tokenizer = try Self.tokenizer(OutsideFiles.fixture("tokenizers/\(vocabulary).gguf").path)
    let template = try PromptTemplate(name: name, for: tokenizer.vocabulary)
    var rows = try Self.rows()
    // A response that begins with what would join the prompt's last token.
    rows.append(TrainingRow(instruction: "a", input: "b", output: "\n\n indented"))
    for (row, example) in zip(rows, try Self.examples(rows, template, tokenizer).examples) {
      #expect(tokenizer.endOfGenerationTokens.contains(example.response.last!))
      let before = tokenizer.decode(example.prompt)
      let said = tokenizer.decode(example.prompt + example.response.dropLast())
      #expect(said.hasPrefix(before))
      // A template may trim, and llama2's puts spaces around the answer.
      let answer = said.dropFirst(before.count).trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(answer == row.output.trimmingCharacters(in: .whitespacesAndNewlines))
      let prompted = tokenizer.decode(example.prompted)
      #expect(prompted.contains(row.instruction))
      #expect(row.input.isEmpty || prompted.contains(row.input))
      #expect(!before.contains(row.instruction) || row.instruction == "a")
    }
  }

  /// Written out by hand.
  @Test func plainHeadings() throws {
    let tokenizer = try Self.tokenizer(OutsideFiles.fixture("tokenizers/plain.gguf").path)
    let row = TrainingRow(instruction: "Say it.", input: "No.", output: "Yes.")
    let example = try Self.examples([row], .plain, tokenizer).examples[0]
    let bos = try #require(tokenizer.bosToken)
    #expect(tokenizer.vocabulary.addsBOS)
    #expect(example.prompt[0] == bos)
    #expect(tokenizer.decode(example.prompt) == "### Input:\nNo.\n\n### Response:\n")
    #expect(
      tokenizer.decode(example.prompted)
        == "### Instruction:\nSay it.\n\n### Input:\nNo.\n\n### Response:\n")
    #expect(example.response.last == tokenizer.eosToken)
    #expect(
      tokenizer.encode(
        "### Input:\nNo.\n\n### Response:\nYes.", addSpecial: true, parseSpecial: false)
        == example.prompt + example.response.dropLast())
    #expect(
      example.instruction == tokenizer.encode("Say it.", addSpecial: true, parseSpecial: false))
  }

  @Test func longRowsAreCutOrLeftOut() throws {
    let tokenizer = try Self.tokenizer(OutsideFiles.fixture("tokenizers/plain.gguf").path)
    let rows = try Self.rows()
    let whole = try Self.examples(rows, .plain, tokenizer)
    #expect(whole.cutRowCount == 0 && whole.problems.count == 0)
    let limit = whole.examples[1].prompted.count + whole.examples[1].response.count - 2
    let cut = try Self.examples(rows, .plain, tokenizer, sequence: limit)
    var cutRows = 0
    var cutTokens = 0
    var kept: [TokenizedExample] = []
    for example in whole.examples {
      let room = limit - max(example.prompt.count, example.prompted.count)
      guard room > 0 else { continue }
      cutRows += example.response.count > room ? 1 : 0
      cutTokens += max(example.response.count - room, 0)
      kept.append(example)
      let found = try #require(cut.examples.first { $0.row == example.row })
      #expect(found.response == Array(example.response.prefix(room)))
      #expect(found.prompt == example.prompt && found.prompted == example.prompted)
      #expect(found.length <= limit)
    }
    #expect(cut.examples.count == kept.count && kept.count < rows.count)
    #expect(cut.cutRowCount == cutRows && cutRows >= 1)
    #expect(cut.cutTokenCount == cutTokens && cutTokens >= 2)
    #expect(cut.problems.count == rows.count - kept.count)
    #expect(cut.problems.first.allSatisfy { $0.line > 0 && $0.reason.contains("the prompt has") })

    let edited = try Self.examples(rows, .plain, tokenizer, sequence: limit, prompted: false)
    #expect(edited.cutTokenCount < cut.cutTokenCount + edited.examples.count * limit)
    #expect(edited.examples.count >= cut.examples.count)
    let short = try Self.examples(rows, .plain, tokenizer, instruction: 10)
    #expect(short.examples.count == whole.examples.count { $0.instruction.count <= 10 })
    #expect(short.problems.first.allSatisfy { $0.reason.contains("reads at most 10") })
    #expect(throws: EditorTrainingError.self) {
      try Self.examples(rows, .plain, tokenizer, sequence: 1)
    }
  }

  @Test func templatesByName() throws {
    let tokenizer = try Self.tokenizer(OutsideFiles.fixture("tokenizers/plain.gguf").path)
    #expect(tokenizer.vocabulary.chatTemplate == nil)
    #expect(try PromptTemplate(for: tokenizer.vocabulary) == .plain)
    #expect(try PromptTemplate(name: "zephyr", for: tokenizer.vocabulary) == .chat(.zephyr))
    #expect(throws: TokenizationError.self) {
      try PromptTemplate(name: "none", for: tokenizer.vocabulary)
    }
  }
}
